package oracle

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/internal/event"
)

// Bid requests are most of the input and meet nothing but the impressions of
// their auction, so they are not held but sorted: a bid request becomes a record
// of a spill.Sorter. The key puts the records of one identity side by side and
// in the order of D1; the value is the whole request.

// sortKey is route, exchange, auction, event time, fingerprint and position, so
// that bytes compare as dedupe orders. Ids have no zero byte (N1).
func (b *bid) sortKey(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.route)^1<<63)
	dst = append(append(dst, b.exchange...), 0)
	dst = append(append(dst, b.auction...), 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.at)^1<<63)
	dst = append(dst, b.print[:8]...)
	dst = append(append(dst, b.pos.Topic...), 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(b.pos.ID))
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.pos.Offset))
	return binary.BigEndian.AppendUint32(dst, uint32(b.pos.Line))
}

// packer writes fields one after the other: numbers as varints, text with its
// length before it. Its methods and those of unpacker go in pairs.
type packer []byte

func (p *packer) num(n int64) { *p = binary.AppendVarint(*p, n) }

func (p *packer) text(s string) {
	p.num(int64(len(s)))
	*p = append(*p, s...)
}

func (p *packer) flag(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	p.num(n)
}

// maybe writes a number that may be absent.
func maybe[T int32 | int64](p *packer, n *T) {
	p.flag(n != nil)
	if n != nil {
		p.num(int64(*n))
	}
}

// unpacker reads what a packer wrote; text is part of the one copy it begins
// with.
type unpacker string

func (u *unpacker) num() int64 {
	head := []byte((*u)[:min(len(*u), binary.MaxVarintLen64)])
	n, w := binary.Varint(head)
	*u = (*u)[w:]
	return n
}

func (u *unpacker) text() string {
	n := u.num()
	s := string((*u)[:n])
	*u = (*u)[n:]
	return s
}

func (u *unpacker) flag() bool { return u.num() == 1 }

func maybeNum[T int32 | int64](u *unpacker) *T {
	if !u.flag() {
		return nil
	}
	n := T(u.num())
	return &n
}

func (b *bid) pack(dst []byte) []byte {
	p := packer(dst)
	p.text(b.pos.Topic)
	for _, n := range []int64{
		int64(b.pos.ID), int64(b.pos.Offset), int64(b.pos.Line), int64(b.ingest), int64(b.at), int64(b.route),
		int64(b.flags), int64(b.device), b.permille,
	} {
		p.num(n)
	}
	p.text(string(b.print[:]))
	p.flag(b.late)
	p.flag(b.test)
	for _, s := range []string{b.user, b.id, b.key, b.exchange, b.auction, b.country, b.site, b.app} {
		p.text(s)
	}
	maybe(&p, b.noBid)
	p.num(int64(len(b.imps)))
	for _, m := range b.imps {
		m.pack(&p)
	}
	p.num(int64(len(b.offers)))
	for i := range b.offers {
		b.offers[i].pack(&p)
	}
	p.num(int64(len(b.targeting)))
	for _, t := range b.targeting {
		p.text(t.key)
		p.text(t.value)
	}
	return p
}

func (m imp) pack(p *packer) {
	p.text(m.id)
	p.text(m.placement)
	p.text(m.format)
	p.num(int64(m.width))
	p.num(int64(m.height))
	p.num(m.floor)
	p.num(m.expiry)
}

func (o *offer) pack(p *packer) {
	for _, s := range []string{o.bidID, o.responseID, o.impID, o.campaign, o.line, o.creative, o.advertiser, o.currency, o.deal} {
		p.text(s)
	}
	p.num(o.price)
	maybe(p, o.loss)
	maybe(p, o.minToWin)
}

func unpackBid(value []byte) *bid {
	u := unpacker(value)
	b := &bid{}
	b.pos.Topic = u.text()
	b.pos.ID, b.pos.Offset, b.pos.Line = int32(u.num()), event.Offset(u.num()), int32(u.num())
	b.ingest, b.at, b.route = event.Time(u.num()), event.Time(u.num()), event.Route(u.num())
	b.flags, b.device, b.permille = event.Flags(u.num()), int32(u.num()), u.num()
	copy(b.print[:], u.text())
	b.late, b.test = u.flag(), u.flag()
	for _, s := range []*string{&b.user, &b.id, &b.key, &b.exchange, &b.auction, &b.country, &b.site, &b.app} {
		*s = u.text()
	}
	b.noBid = maybeNum[int32](&u)
	b.imps = make([]imp, u.num())
	for i := range b.imps {
		b.imps[i] = unpackImp(&u)
	}
	b.offers = make([]offer, u.num())
	for i := range b.offers {
		b.offers[i] = unpackOffer(&u)
	}
	b.targeting = make([]pair, u.num())
	for i := range b.targeting {
		b.targeting[i] = pair{u.text(), u.text()}
	}
	return b
}

func unpackImp(u *unpacker) imp {
	return imp{
		id: u.text(), placement: u.text(), format: u.text(),
		width: int32(u.num()), height: int32(u.num()), floor: u.num(), expiry: u.num(),
	}
}

func unpackOffer(u *unpacker) offer {
	var o offer
	for _, s := range []*string{&o.bidID, &o.responseID, &o.impID, &o.campaign, &o.line, &o.creative, &o.advertiser, &o.currency, &o.deal} {
		*s = u.text()
	}
	o.price, o.loss, o.minToWin = u.num(), maybeNum[int32](u), maybeNum[int64](u)
	return o
}
