package correlate

import (
	"encoding/binary"
	"unsafe"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
)

// The live bids of a shard, in rowStore's buckets by the hour in which the last
// impression that could join them may happen: they live for hours, not days. What an offer says is kept as text in the bucket's arena.

// bidFlags is what a bid row knows in bits.
type bidFlags uint32

const (
	bidFact     bidFlags = 1 << iota // the first in its order (D1)
	bidReused                        // its key carries the time (D3)
	bidTest                          // counts nowhere
	bidLate                          // T4
	bidApp                           // in-app inventory: the longer window
	_                                // free: it was set while a row waited for the next segment
	bidFlagBase                      // recordFlags in order
)

const bidFlagShift = 6

// bidContested is set while the id has a contest.
const bidContested bidFlags = 1 << 25

func (f bidFlags) recordFlags() event.Flags {
	return recordFlagsOf(uint32(f) >> bidFlagShift & (1<<len(recordFlags) - 1))
}

//nolint:unused // the linter does not see it as the argument of a type parameter
type bidChunk struct {
	chunkHead

	route    [chunkRows]event.Route
	auction  [chunkRows]uint64 // hash of (exchange, auction_id)
	print    [chunkRows]uint64
	at       [chunkRows]event.Time
	ingest   [chunkRows]event.Time
	pos      [chunkRows]uint64
	offers   [chunkRows]column.Ref // see appendOffers
	size     [chunkRows]uint32     // of the offers
	exchange [chunkRows]uint32     // ordinals of groups in dims
	device   [chunkRows]uint32
	weight   [chunkRows]int64 // 1e-6 requests it stands for
	flags    [chunkRows]bidFlags
}

//nolint:unused // a rowStore calls it
func (*bidChunk) make() {}

type bids struct {
	rowStore[bidChunk, *bidChunk]

	index column.Index // by auction
	wide  map[uint32]event.Position
}

func (m *bids) init() { m.wide = make(map[uint32]event.Position) }

func (m *bids) insert(row uint32) {
	if m.index.Full() {
		m.index.Rebuild(func(add func(uint64, uint32)) {
			m.each(func(r uint32) {
				if c, i := m.at(r); r != row {
					add(c.auction[i], r)
				}
			})
		})
	}
	c, i := m.at(row)
	m.index.Insert(c.auction[i], row)
}

// of appends the rows of an auction in a route.
func (m *bids) of(dst []uint32, r event.Route, auction uint64) []uint32 {
	p := m.index.Probe(auction)
	for {
		row, ok := p.Next()
		if !ok {
			return dst
		}
		if c, i := m.at(row); c.auction[i] == auction && c.route[i] == r {
			dst = append(dst, row)
		}
	}
}

// has reports whether an auction in a route has a row.
func (m *bids) has(r event.Route, auction uint64) bool {
	p := m.index.Probe(auction)
	for {
		row, ok := p.Next()
		if !ok {
			return false
		}
		if c, i := m.at(row); c.auction[i] == auction && c.route[i] == r {
			return true
		}
	}
}

func (m *bids) bytes() int64 {
	var n int64
	for _, c := range m.chunks {
		if c != nil {
			n += bidChunkBytes
		}
	}
	for _, b := range m.buckets {
		n += b.texts.Bytes()
	}
	return n
}

const bidChunkBytes = chunkRows * (8*8 + 4*4)

// offer is one row of fact_bids as state keeps it: an offer of ours, or a slot
// we did not bid on (Bid "", Made false).
type offer struct {
	Imp, Bid, Response           string
	Campaign, Creative, Currency string
	Price                        int64
	Expiry                       int64 // exp_s of the slot
	Made                         bool
}

// appendOffers writes the auction id and the rows of a bid record: texts as
// uvarint length and bytes, numbers as varints.
func appendOffers(b []byte, auction string, list []offer) []byte {
	b = fact.AppendText(b, auction)
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		o := &list[i]
		b = append(b, byte(fact.Bit(o.Made)))
		b = fact.AppendText(b, o.Imp)
		if !o.Made {
			continue
		}
		for _, s := range [...]string{o.Bid, o.Response, o.Campaign, o.Creative, o.Currency} {
			b = fact.AppendText(b, s)
		}
		b = binary.AppendVarint(b, o.Price)
		b = binary.AppendVarint(b, o.Expiry)
	}
	return b
}

// readOffers reads what appendOffers wrote. The texts alias text.
func readOffers(dst []offer, text string) (auction string, list []offer) {
	r := fact.ReaderOf(unsafe.Slice(unsafe.StringData(text), len(text)), nil)
	auction = r.Text()
	for n := r.Count(1); n > 0; n-- {
		o := offer{Made: r.Byte() != 0, Imp: r.Text()}
		if o.Made {
			o.Bid, o.Response, o.Campaign = r.Text(), r.Text(), r.Text()
			o.Creative, o.Currency = r.Text(), r.Text()
			o.Price, o.Expiry = r.Varint(), r.Varint()
		}
		dst = append(dst, o)
	}
	return auction, dst
}

func (m *bids) offersOf(dst []offer, row uint32) (auction string, list []offer) {
	c, i := m.at(row)
	return readOffers(dst, c.bucket.texts.Text(c.offers[i], int(c.size[i])))
}
