package correlate

import (
	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// The live impressions of a shard. A row is made when a record becomes a fact
// and keeps what a child, a duplicate or a correction can ask for; the fact's
// own table row went out when the record was at hand. Rows lie as rowStore says,
// by the hour of their event time. Two indexes lead to them: by id, and by
// auction for bids that come after their impression.

// impFlags is what a row knows in bits.
type impFlags uint32

const (
	impFact     impFlags = 1 << iota // the first in its order: it has a row in fact_impressions (D1)
	impReused                        // its key carries the time (D3)
	impValid                         // no IVT code
	impLate                          // T4
	impTooLate                       // does not take the join to its bid (T6)
	impDeclared                      // the record named its campaign
	impPriced                        // its price is in spend_nanos (pricing cpm when it came)
	impQuantity                      // quantity is not 1, see impressions.quantity
	impWide                          // position or ingest time do not fit, see impressions.wide
	impWon                           // fact_wins has a row
	impAsked                         // its win is looked at in this cut
	_                                // free: it was set while a row waited for the next segment
	impFormLow                       // column.Form, two bits
	impFormHigh
	impViewableLow // event.Tri, two bits
	impViewableHigh
	impMeasurableLow // event.Tri, two bits
	impMeasurableHigh
	impFlagBase // event.Flags that a decoder or T1 sets, recordFlags in order
)

// Three more that are not part of the bits below impFlagBase.
const (
	impContested impFlags = 1 << 25 // the id has a contest
	impEvicted   impFlags = 1 << 26 // not in its user's list any more (MaxTouchesPerUser)
	impUnlinked  impFlags = 1 << 27 // taken out of it: set with impEvicted, and while a bucket is dropped
)

const (
	impFormShift       = 12
	impViewableShift   = 14
	impMeasurableShift = 16
	impFlagShift       = 18
)

// recordFlags are the flags a record has when it comes. What joins add is
// computed again when it is needed.
var recordFlags = [...]event.Flags{
	event.TimeCorrected, event.ClockFuture, event.CurrencyDefaulted, event.PriceEncoded,
	event.IDSynthetic, event.NoConsent, event.TextTruncated,
}

func packRecordFlags(f event.Flags) (bits uint32) {
	for i, flag := range recordFlags {
		if f.Has(flag) {
			bits |= 1 << i
		}
	}
	return bits
}

func recordFlagsOf(bits uint32) (f event.Flags) {
	for i, flag := range recordFlags {
		if bits&(1<<i) != 0 {
			f |= flag
		}
	}
	return f
}

func (f impFlags) form() column.Form     { return column.Form(f >> impFormShift & 3) }
func (f impFlags) viewable() event.Tri   { return event.Tri(f >> impViewableShift & 3) }
func (f impFlags) measurable() event.Tri { return event.Tri(f >> impMeasurableShift & 3) }
func (f impFlags) recordFlags() event.Flags {
	return recordFlagsOf(uint32(f) >> impFlagShift & (1<<len(recordFlags) - 1))
}

// impChunk is chunkRows rows in columns. The columns that much traffic does not
// use are made with the first row that needs them.
type impChunk struct {
	chunkHead
	*impColumns
	price   *[chunkRows]uint32      // CPM micros + 1, 0 for null, dearPrice for what is in impressions.dear
	auction *[chunkRows]uint64      // hash of (exchange, auction_id), 0 for none
	bid     *[chunkRows]uint64      // hash of bid_id, 0 for none
	route   *[chunkRows]event.Route // of rows without a user
}

// impColumns is what every row has: 64 bytes, so that a chunk of them is 16 KiB,
// which the allocator rounds up to nothing more.
type impColumns struct {
	id       [chunkRows]column.ID
	print    [chunkRows]uint64 // first 8 bytes of the fingerprint
	pos      [chunkRows]uint64 // see packPosition
	offset   [chunkRows]uint32 // event time, us from the start of the hour
	ingest   [chunkRows]int32  // ingest time, ms from the start of the hour
	user     [chunkRows]uint32 // ordinal, or noUser
	older    [chunkRows]uint32 // user's live impressions as a list: ordinal+1, 0 ends it
	creative [chunkRows]uint32 // ordinals in dims
	place    [chunkRows]uint32
	device   [chunkRows]uint32
	flags    [chunkRows]impFlags
}

func (c *impChunk) make() { c.impColumns = new(impColumns) }

// dearPrice stands for a price that does not fit beside the others.
const dearPrice = 1<<32 - 1

type impressions struct {
	rowStore[impChunk, *impChunk]

	byID      column.Index
	byAuction column.Index

	quantity map[uint32]int64
	dear     map[uint32]int64 // prices from dearPrice - 1 on
	wide     map[uint32]wideRow
	odd      map[uint32]oddWin // wins of rows whose bid has other dims than they have
}

// wideRow is what does not fit the narrow columns.
type wideRow struct {
	pos    event.Position
	ingest event.Time
}

// oddWin is the group of a win, where it is not the impression's own.
type oddWin struct{ group uint32 }

func (m *impressions) init() {
	m.quantity = make(map[uint32]int64)
	m.dear = make(map[uint32]int64)
	m.wide = make(map[uint32]wideRow)
	m.odd = make(map[uint32]oddWin)
}

// time is the event time of a row.
func (m *impressions) time(row uint32) event.Time {
	c, i := m.at(row)
	return c.bucket.hour + event.Time(c.offset[i])
}

func (m *impressions) ingestTime(row uint32) event.Time {
	c, i := m.at(row)
	if c.flags[i]&impWide != 0 {
		return m.wide[row].ingest
	}
	return c.bucket.hour + event.Time(c.ingest[i])*event.Time(event.Millisecond)
}

// appendID appends the wire id of a row.
func (m *impressions) appendID(b []byte, row uint32) []byte {
	c, i := m.at(row)
	if f := c.flags[i].form(); f != column.Plain {
		return c.id[i].AppendText(b, f)
	}
	return append(b, m.plainID(c, i)...)
}

func (m *impressions) plainID(c *impChunk, i uint32) string {
	return c.bucket.texts.Text(column.Ref(c.id[i].Lo), int(c.id[i].Hi))
}

func (m *impressions) idHash(row uint32, r event.Route) uint64 {
	c, i := m.at(row)
	f := c.flags[i].form()
	text := ""
	if f == column.Plain {
		text = m.plainID(c, i)
	}
	return column.Mix(column.HashID(c.id[i], f, text), uint64(r))
}

// priceOf is the price of a row in CPM micros, event.Absent for null.
func (m *impressions) priceOf(row uint32) int64 {
	c, i := m.at(row)
	if c.price == nil || c.price[i] == 0 {
		return event.Absent
	}
	if c.price[i] == dearPrice {
		return m.dear[row]
	}
	return int64(c.price[i] - 1)
}

// setPrice is called once for each row, before any other use of its price.
func (m *impressions) setPrice(row uint32, v int64) {
	c, i := m.at(row)
	if c.price == nil {
		if v == event.Absent {
			return
		}
		c.price = new([chunkRows]uint32)
	}
	switch {
	case v == event.Absent:
		c.price[i] = 0
	case v < dearPrice-1:
		c.price[i] = uint32(v) + 1
	default:
		c.price[i] = dearPrice
		m.dear[row] = v
	}
}

// forgetPrice gives back what the price of a row takes beside the columns.
func (m *impressions) forgetPrice(c *impChunk, i, row uint32) {
	if c.price != nil && c.price[i] == dearPrice {
		delete(m.dear, row)
	}
}

func (c *impChunk) auctionOf(i uint32) uint64 {
	if c.auction == nil {
		return 0
	}
	return c.auction[i]
}

func (c *impChunk) bidOf(i uint32) uint64 {
	if c.bid == nil {
		return 0
	}
	return c.bid[i]
}

func (c *impChunk) setAuction(i uint32, auction, bid uint64) {
	if auction != 0 {
		if c.auction == nil {
			c.auction = new([chunkRows]uint64)
		}
		c.auction[i] = auction
	}
	if bid != 0 {
		if c.bid == nil {
			c.bid = new([chunkRows]uint64)
		}
		c.bid[i] = bid
	}
}

func (c *impChunk) setRoute(i uint32, r event.Route) {
	if c.route == nil {
		c.route = new([chunkRows]event.Route)
	}
	c.route[i] = r
}

// quantityOf is the quantity of a row in 1e-6 units.
func (m *impressions) quantityOf(row uint32) int64 {
	c, i := m.at(row)
	if c.flags[i]&impQuantity != 0 {
		return m.quantity[row]
	}
	return oneE6
}

// oneE6 is a quantity of one.
const oneE6 = 1_000_000

func (m *impressions) bytes() (columns, indexes int64) {
	for _, c := range m.chunks {
		if c == nil {
			continue
		}
		columns += chunkBytes
		if c.price != nil {
			columns += chunkRows * 4
		}
		for _, there := range []bool{c.auction != nil, c.bid != nil, c.route != nil} {
			if there {
				columns += chunkRows * 8
			}
		}
	}
	for _, b := range m.buckets {
		columns += b.texts.Bytes()
	}
	return columns, m.byID.Bytes() + m.byAuction.Bytes()
}

const chunkBytes = chunkRows * (16 + 8 + 8 + 8*4)
