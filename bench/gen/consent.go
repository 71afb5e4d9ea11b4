package gen

import "encoding/base64"

// consentString is the core segment of an IAB TCF 2.2 consent text: all
// purposes and vendors 1 to 4000, or nothing.
func consentString(granted bool) string {
	var w bitWriter
	all := uint64(0)
	if granted {
		all = 1<<24 - 1
	}
	w.put(2, 6)               // version
	w.put(17_600_000_000, 36) // created, in tenths of a second
	w.put(17_600_000_000, 36) // updated
	w.put(300, 12)            // consent platform
	w.put(1, 12)              // its version
	w.put(1, 6)               // screen
	w.put(uint64('D'-'A'), 6) // language DE
	w.put(uint64('E'-'A'), 6)
	w.put(200, 12)            // vendor list
	w.put(4, 6)               // policy
	w.put(1, 1)               // service specific
	w.put(0, 1)               // standard texts
	w.put(0, 12)              // special features
	w.put(all, 24)            // purposes, consent
	w.put(all&^1, 24)         // purposes, legitimate interest
	w.put(0, 1)               // purpose one treatment
	w.put(uint64('D'-'A'), 6) // publisher's country
	w.put(uint64('E'-'A'), 6)
	for range 2 { // vendors with consent, vendors with legitimate interest
		if !granted {
			w.put(0, 16)
			w.put(0, 1)
			continue
		}
		w.put(4000, 16)
		w.put(1, 1)  // ranges follow
		w.put(1, 12) // one
		w.put(1, 1)  // from, to
		w.put(1, 16)
		w.put(4000, 16)
	}
	w.put(0, 12) // publisher restrictions
	return base64.RawURLEncoding.EncodeToString(w.bytes)
}

// bitWriter packs bits, high ones first.
type bitWriter struct {
	bytes []byte
	used  int // bits of the last byte
}

func (w *bitWriter) put(v uint64, bits int) {
	for i := bits - 1; i >= 0; i-- {
		if w.used%8 == 0 {
			w.bytes = append(w.bytes, 0)
		}
		w.bytes[len(w.bytes)-1] |= byte(v>>i&1) << (7 - w.used%8)
		w.used++
	}
}
