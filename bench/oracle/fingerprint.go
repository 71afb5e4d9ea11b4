package oracle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/advertisex/adjoin/internal/event"
)

// printer collects the fields that a fingerprint says (D1): name, zero byte,
// big-endian length, value.
type printer struct{ text bytes.Buffer }

func (p *printer) add(name, value string) {
	p.text.WriteString(name)
	p.text.WriteByte(0)
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(value)))
	p.text.Write(size[:])
	p.text.WriteString(value)
}

func (p *printer) sum() event.Fingerprint {
	full := sha256.Sum256(p.text.Bytes())
	return event.Fingerprint(full[:16])
}

// head8 is what orders and tells apart two fingerprints (R-D2).
func head8(f event.Fingerprint) [8]byte { return [8]byte(f[:8]) }

func headHex(f event.Fingerprint) string { return hex.EncodeToString(f[:8]) }

// syntheticID is the id of a record that has none (N13).
func syntheticID(f event.Fingerprint) string { return "s:" + hex.EncodeToString(f[:]) }
