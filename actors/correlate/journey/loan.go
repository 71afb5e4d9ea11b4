package journey

import (
	"cmp"
	"encoding/binary"
	"strings"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// Loan is what a timeline would have for a child without a user: the offer that
// home compares (R-R3.3) and what its rows then say.
type Loan struct {
	Child
	Lender event.Route
	Rev    uint64 // grows; of two loans of one lender the one with the larger counts
	There  bool   // false: there is none any more, and nothing below is set

	// Print and At are of the record it was made for: home may have another
	// under the same key by now.
	Print uint64
	At    event.Time
	offered

	match match // of a click
	path  path  // of a conversion
	lost  bool  // COUNT_ONE, when the lender keeps it
}

// Compare is the order in which home chooses: the least is kept.
func (l *Loan) Compare(o *Loan) int {
	return cmp.Or(
		cmp.Compare(fact.Bit(l.old), fact.Bit(o.old)), cmp.Compare(fact.Bit(o.user), fact.Bit(l.user)),
		cmp.Compare(l.step, o.step), cmp.Compare(l.offered.at, o.offered.at), strings.Compare(l.offered.key, o.offered.key),
		cmp.Compare(l.Lender, o.Lender),
	)
}

// AppendChild appends a child.
func AppendChild(b []byte, c Child) []byte {
	b = append(b, c.Kind)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.Home))
	return fact.AppendText(b, c.Key)
}

// ReadChild reads what AppendChild wrote.
func ReadChild(r *fact.Reader) (c Child) {
	c.Kind = r.Byte()
	c.Home, c.Key = event.Route(r.Fixed64()), r.Text()
	switch c.Kind {
	case ClickChild, ConversionChild, AdjustmentChild:
	default:
		r.Fail()
	}
	return c
}

// AppendNotice appends a notice.
func AppendNotice(b []byte, n *Notice) []byte {
	b = AppendChild(b, n.Child)
	b = binary.AppendUvarint(b, n.Rev)
	b = append(b, byte(fact.Bit(n.There)|fact.Bit(n.Kept)<<1|fact.Bit(n.Barred)<<2))
	if !n.There {
		return b
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(n.Keeper))
	base := &wire.Base{Partition: n.Envelope().Partition}
	if n.Kind == ClickChild {
		return wire.AppendClick(b, base, &n.Click)
	}
	return wire.AppendConversion(b, base, &n.Conversion)
}

// ReadNotice reads what AppendNotice wrote. Its text aliases the input; the
// record has no partition.
func ReadNotice(r *fact.Reader, n *Notice) {
	n.Child, n.Rev = ReadChild(r), r.Uvarint()
	bits := r.Byte()
	n.There, n.Kept, n.Barred = bits&1 != 0, bits&2 != 0, bits&4 != 0
	if !n.There || r.Bad {
		return
	}
	n.Keeper = event.Route(r.Fixed64())
	var base wire.Base
	var err error
	if n.Kind == ClickChild {
		r.Rest, err = wire.ReadClick(r.Rest, &base, &n.Click)
	} else {
		r.Rest, err = wire.ReadConversion(r.Rest, &base, &n.Conversion)
	}
	if err != nil {
		r.Fail()
	}
}

// AppendLoan appends a loan.
func AppendLoan(b []byte, l *Loan) []byte {
	b = AppendChild(b, l.Child)
	b = binary.LittleEndian.AppendUint64(b, uint64(l.Lender))
	b = binary.AppendUvarint(b, l.Rev)
	b = append(b, byte(fact.Bit(l.There)|fact.Bit(l.lost)<<1))
	if !l.There {
		return b
	}
	b = binary.LittleEndian.AppendUint64(b, l.Print)
	b = fact.AppendTime(b, l.At)
	b = appendOffered(b, &l.offered)
	switch l.Kind {
	case ClickChild:
		b = appendMatch(b, &l.match)
	case ConversionChild:
		b = appendPath(b, &l.path)
	}
	return b
}

// ReadLoan reads what AppendLoan wrote. Its text aliases the input.
func ReadLoan(f *fact.Reader, l *Loan) {
	r := &reader{Reader: *f}
	l.Child = ReadChild(&r.Reader)
	l.Lender, l.Rev = event.Route(r.Fixed64()), r.Uvarint()
	bits := r.Byte()
	l.There, l.lost = bits&1 != 0, bits&2 != 0
	if l.There {
		l.Print, l.At = r.Fixed64(), r.Time()
		r.offered(&l.offered)
		switch l.Kind {
		case ClickChild:
			r.match(&l.match)
		case ConversionChild:
			r.path(&l.path)
		}
	}
	*f = r.Reader
}

func appendOffered(b []byte, o *offered) []byte {
	b = append(b, byte(fact.Bit(o.old)|fact.Bit(o.user)<<1), o.step)
	return fact.AppendText(fact.AppendTime(b, o.at), o.key)
}

func (r *reader) offered(o *offered) {
	bits := r.Byte()
	o.old, o.user, o.step = bits&1 != 0, bits&2 != 0, r.Byte()
	o.at, o.key = r.Time(), r.Text()
}

// AppendGuest appends what a guest has here, but for the record, which is its
// notice's.
func AppendGuest(b []byte, g *Guest) []byte {
	b = binary.LittleEndian.AppendUint64(b, g.Sent)
	b = append(b, byte(fact.Bit(g.c.settled)|fact.Bit(g.v.settled)<<1|fact.Bit(g.v.lost)<<2|fact.Bit(g.lending)<<3))
	if g.c.settled {
		b = appendMatch(b, &g.c.match)
	}
	if g.v.settled {
		b = appendOffered(appendPath(b, &g.v.path), &g.parent)
	}
	return b
}

// ReadGuest reads what AppendGuest wrote. Its text aliases the input.
func ReadGuest(f *fact.Reader, g *Guest) {
	r := &reader{Reader: *f}
	g.Sent = r.Fixed64()
	bits := r.Byte()
	g.c.settled, g.v.settled, g.v.lost, g.lending = bits&1 != 0, bits&2 != 0, bits&4 != 0, bits&8 != 0
	if g.c.settled {
		r.match(&g.c.match)
	}
	if g.v.settled {
		r.path(&g.v.path)
		r.offered(&g.parent)
	}
	*f = r.Reader
}
