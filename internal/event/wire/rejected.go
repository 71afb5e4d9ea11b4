package wire

import "github.com/advertisex/adjoin/internal/event"

// AppendRejected appends a rejected record relative to base.
func AppendRejected(b []byte, base *Base, e *event.Rejected) []byte {
	b = appendEnvelope(b, base, &e.Envelope)
	b = append(b, byte(e.Reason), byte(e.Intended))
	b = appendText(b, e.Field)
	b = appendText(b, e.Detail)
	b = append(appendUint(b, uint64(len(e.Raw))), e.Raw...)
	return appendText(b, e.Campaign)
}

// ReadRejected reads what AppendRejected wrote with the same base and returns
// what follows. Text and Raw of e alias b.
func ReadRejected(b []byte, base *Base, e *event.Rejected) ([]byte, error) {
	c := Cursor{Rest: b}
	c.envelope(base, &e.Envelope)
	e.Reason, e.Intended = event.Reason(c.Byte()), event.Kind(c.Byte())
	if e.Reason > event.Poison || e.Intended > event.KindRejected {
		c.Fail()
	}
	e.Field = c.Text()
	e.Detail = c.Text()
	e.Raw = c.Bytes()
	e.Campaign = c.Text()
	return c.end()
}
