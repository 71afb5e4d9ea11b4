package campaign

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/advertisex/adjoin/internal/event/wire"
)

// ErrCorrupt is the cause of every error about bytes that are not what this
// package wrote. Kafka's and the segment's checksums have been right by then,
// so it means a defect or a format of another version.
var ErrCorrupt = errors.New("campaign: bytes are not a segment of this version")

// reader is a wire.Cursor that knows how many texts the dictionary has.
type reader struct {
	wire.Cursor
	texts uint64 // entries of the dictionary
}

// end is what became of the whole.
func (r *reader) end() error {
	switch {
	case r.Bad:
		return fmt.Errorf("%w: cut short", ErrCorrupt)
	case len(r.Rest) > 0:
		return ErrCorrupt
	}
	return nil
}

// text reads the number of an entry of the dictionary.
func (r *reader) text() uint32 {
	n := r.Uvarint()
	if n >= r.texts {
		r.Fail()
		return 0
	}
	return uint32(n)
}

func appendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}
