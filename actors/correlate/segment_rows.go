package correlate

import (
	"encoding/binary"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
)

// Rows go into a segment as they lie in memory: a part is up to chunkRows rows
// of one chunk, column by column, each column in as few bytes a number as its
// largest needs (column.AppendInts). New rows of a bucket are a part for each
// chunk, a changed row is a part by itself. What few rows have follows the
// columns row by row.

// rowsMin is the least that a part takes in a segment.
const rowsMin = 20

// appendRows writes new rows and changed ones, bucket by bucket, and first the
// hour before which every bucket is gone. part writes rows [from, to) of a chunk.
func appendRows[T any, P chunkOf[T]](b []byte, m *rowStore[T, P], base bool, part func(b []byte, chunk, from, to uint32) []byte) []byte {
	b = fact.AppendTime(b, m.firstHour())
	n := len(b)
	b = append(b, 0, 0, 0, 0)
	buckets := uint32(0)
	for _, hour := range m.hours {
		k := m.buckets[hour]
		for _, row := range k.changed {
			c, i := m.at(row)
			c.head().changed[i/64] &^= 1 << (i % 64)
		}
		if base {
			k.saved, k.changed = 0, k.changed[:0]
		}
		if k.saved == k.rows && len(k.changed) == 0 {
			continue
		}
		buckets++
		b = fact.AppendTime(b, hour)
		b = binary.AppendUvarint(b, uint64(k.saved))
		fresh := 0
		if k.rows > k.saved {
			fresh = (k.rows-1)/chunkRows - k.saved/chunkRows + 1
		}
		b = binary.AppendUvarint(b, uint64(fresh+len(k.changed)))
		for i := k.saved; i < k.rows; {
			end := min(k.rows, (i/chunkRows+1)*chunkRows)
			b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(i)), uint64(end-i))
			from := uint32(i % chunkRows)
			b = part(b, k.chunks[i/chunkRows], from, from+uint32(end-i))
			i = end
		}
		for _, row := range k.changed {
			_, at := m.placeOf(row)
			b = append(binary.AppendUvarint(b, uint64(at)), 1)
			i := row & (chunkRows - 1)
			b = part(b, row>>chunkBits, i, i+1)
		}
		k.saved, k.changed = k.rows, nil
	}
	binary.LittleEndian.PutUint32(b[n:], buckets)
	return b
}

// loadRows reads what appendRows wrote.
func loadRows[T any, P chunkOf[T]](r *segmentReader, m *rowStore[T, P], part func(chunk, from, to uint32), drop func(*bucket)) {
	floor := r.Time()
	for n := r.Fixed32(); n > 0 && !r.Bad; n-- {
		hour, saved := r.Time(), r.Uvarint()
		b := m.bucket(hour)
		if uint64(b.rows) != saved || hour.Floor(bucketSpan) != hour {
			r.Fail()
			return
		}
		for k := r.Count(rowsMin); k > 0 && !r.Bad; k-- {
			first, count := r.Uvarint(), r.Uvarint()
			if count == 0 || first > uint64(b.rows) || first%chunkRows+count > chunkRows {
				r.Fail()
				return
			}
			if first == uint64(b.rows) {
				for range count {
					m.add(hour)
				}
			} else if first+count > uint64(b.rows) {
				r.Fail()
				return
			}
			from := uint32(first % chunkRows)
			part(b.chunks[first/chunkRows], from, from+uint32(count))
		}
		b.saved = b.rows
	}
	if !r.Bad {
		m.over(floor, drop)
	}
}

// readInts reads a column.
func readInts[T column.Integer](r *segmentReader, dst []T) {
	rest, ok := column.ReadInts(r.Rest, dst)
	if !ok {
		r.Fail()
		return
	}
	r.Rest = rest
}

// The columns that a part may lack, a bit each.
const (
	partPrice = 1 << iota
	partAuction
	partBid
	partRoute
)

// appendImpressions writes a part of the impressions.
func (s *Shard) appendImpressions(b []byte, n, from, to uint32) []byte {
	m := &s.imps
	c := m.chunks[n]
	var flags [chunkRows]impFlags
	var user [chunkRows]uint32
	count := to - from
	has := byte(fact.Bit(c.price != nil)*partPrice | fact.Bit(c.auction != nil)*partAuction | fact.Bit(c.bid != nil)*partBid)
	for i := from; i < to; i++ {
		flags[i-from] = c.flags[i] &^ (impAsked | impContested | impUnlinked)
		user[i-from] = c.user[i] + 1 // noUser is 0
		if c.user[i] == noUser {
			has |= partRoute
		}
	}
	b = append(b, has)
	b = column.AppendInts(b, flags[:count])
	b = column.AppendInts(b, c.print[from:to])
	b = column.AppendInts(b, c.offset[from:to])
	b = column.AppendInts(b, c.creative[from:to])
	b = column.AppendInts(b, c.place[from:to])
	b = column.AppendInts(b, c.device[from:to])
	b = column.AppendInts(b, c.pos[from:to])
	b = column.AppendInts(b, c.ingest[from:to])
	b = column.AppendInts(b, user[:count])
	if has&partPrice != 0 {
		var price [chunkRows]int64
		for i := from; i < to; i++ {
			if v := m.priceOf(n<<chunkBits | i); v != event.Absent {
				price[i-from] = v + 1
			}
		}
		b = column.AppendInts(b, price[:count])
	}
	if has&partAuction != 0 {
		b = column.AppendInts(b, c.auction[from:to])
	}
	if has&partBid != 0 {
		b = column.AppendInts(b, c.bid[from:to])
	}
	if has&partRoute != 0 {
		b = s.appendRoutes(b, c, from, to)
	}
	return s.appendIDs(b, n, from, to)
}

// appendRoutes writes the routes of rows without a user, 0 for the others.
func (s *Shard) appendRoutes(b []byte, c *impChunk, from, to uint32) []byte {
	var routes [chunkRows]event.Route
	for i := from; i < to; i++ {
		if c.user[i] == noUser {
			routes[i-from] = c.route[i]
		}
	}
	return column.AppendInts(b, routes[:to-from])
}

// appendIDs writes the ids of a part's rows and what few of them have.
func (s *Shard) appendIDs(b []byte, n, from, to uint32) []byte {
	m := &s.imps
	c := m.chunks[n]
	for i := from; i < to; i++ {
		row, f := n<<chunkBits|i, c.flags[i]
		if f.form() == column.Plain {
			b = fact.AppendText(b, m.plainID(c, i))
		} else {
			b = binary.LittleEndian.AppendUint64(b, c.id[i].Hi)
			b = binary.LittleEndian.AppendUint64(b, c.id[i].Lo)
		}
		if f&(impWide|impQuantity|impWon) == 0 {
			continue
		}
		if f&impWide != 0 {
			w := m.wide[row]
			b = fact.AppendTime(s.ledger.AppendPosition(b, &w.pos), w.ingest)
		}
		if f&impQuantity != 0 {
			b = binary.AppendVarint(b, m.quantity[row])
		}
		if f&impWon != 0 {
			odd, is := m.odd[row]
			if b = append(b, byte(fact.Bit(is))); is {
				b = binary.AppendUvarint(b, uint64(odd.group))
			}
		}
	}
	return b
}

func loadImpressions(r *segmentReader) {
	loadRows(r, &r.s.imps.rowStore, r.impressions, r.s.unloadImpressions)
}

// unloadImpressions drops a bucket before there are indexes and lists.
func (s *Shard) unloadImpressions(b *bucket) {
	m := &s.imps
	for i := range b.rows {
		row := b.row(i)
		delete(m.quantity, row)
		delete(m.wide, row)
		delete(m.odd, row)
		delete(m.dear, row)
	}
	m.drop(b)
}

// impressions reads a part of the impressions.
func (r *segmentReader) impressions(n, from, to uint32) {
	c := r.s.imps.chunks[n]
	has := r.Byte()
	readInts(r, c.flags[from:to])
	readInts(r, c.print[from:to])
	readInts(r, c.offset[from:to])
	readInts(r, c.creative[from:to])
	readInts(r, c.place[from:to])
	readInts(r, c.device[from:to])
	readInts(r, c.pos[from:to])
	readInts(r, c.ingest[from:to])
	readInts(r, c.user[from:to])
	r.optionalColumns(n, has, from, to)
	for i := from; i < to && !r.Bad; i++ {
		r.checkImpression(c, i)
		r.rowExtras(c, i, n<<chunkBits|i)
	}
}

func (r *segmentReader) optionalColumns(n uint32, has byte, from, to uint32) {
	m := &r.s.imps
	c := m.chunks[n]
	count := to - from
	var prices [chunkRows]int64
	var auctions, bids [chunkRows]uint64
	var routes [chunkRows]event.Route
	if has&partPrice != 0 {
		readInts(r, prices[:count])
	}
	if has&partAuction != 0 {
		readInts(r, auctions[:count])
	}
	if has&partBid != 0 {
		readInts(r, bids[:count])
	}
	if has&partRoute != 0 {
		readInts(r, routes[:count])
	}
	for i := from; i < to && !r.Bad; i++ {
		price := prices[i-from] - 1
		if price < 0 {
			price = event.Absent
		}
		row := n<<chunkBits | i
		m.forgetPrice(c, i, row)
		m.setPrice(row, price)
		c.setAuction(i, auctions[i-from], bids[i-from])
		if c.user[i]--; c.user[i] == noUser {
			c.setRoute(i, routes[i-from])
		}
	}
}

// checkImpression fails where a row names what is not there.
func (r *segmentReader) checkImpression(c *impChunk, i uint32) {
	s := r.s
	if u := c.user[i]; u != noUser && (u >= s.users.given || !s.users.at(u).taken()) ||
		c.pos[i]>>(positionOffsetBits+positionLineBits) >= uint64(s.ledger.Len()) && c.flags[i]&impWide == 0 {
		r.Fail()
	}
	r.isDim(c.creative[i], dimCreative)
	r.isDim(c.place[i], dimPlace)
	r.isDim(c.device[i], dimDevice)
}

// rowExtras reads the id of a row and what few rows have.
func (r *segmentReader) rowExtras(c *impChunk, i, row uint32) {
	m, f := &r.s.imps, c.flags[i]
	if f.form() == column.Plain {
		text := r.Text()
		c.id[i] = column.ID{Hi: uint64(len(text)), Lo: uint64(c.bucket.texts.Add(text))}
	} else {
		c.id[i] = column.ID{Hi: r.Fixed64(), Lo: r.Fixed64()}
	}
	delete(m.wide, row)
	if f&impWide != 0 {
		w := wideRow{pos: r.Position()}
		w.ingest = r.Time()
		m.wide[row] = w
	}
	delete(m.quantity, row)
	if f&impQuantity != 0 {
		m.quantity[row] = r.Varint()
	}
	delete(m.odd, row)
	if f&impWon != 0 && r.Bool() {
		m.odd[row] = oddWin{r.dim(dimGroupCreative)}
	}
}

// dim reads an ordinal of the dictionary that stands for an entry of the kind.
func (r *segmentReader) dim(kind byte) uint32 {
	n := r.Uint32()
	r.isDim(n, kind)
	return n
}

// isDim fails where an ordinal does not stand for an entry of the kind.
func (r *segmentReader) isDim(n uint32, kind byte) {
	if d := &r.s.dims.dict; !d.Has(n) || d.Text(n)[0] != kind {
		r.Fail()
	}
}

// appendBids writes a part of the bids.
func (s *Shard) appendBids(b []byte, n, from, to uint32) []byte {
	c := s.bids.chunks[n]
	var flags [chunkRows]bidFlags
	for i := from; i < to; i++ {
		flags[i-from] = c.flags[i] &^ bidContested
	}
	b = column.AppendInts(b, flags[:to-from])
	b = column.AppendInts(b, c.route[from:to])
	b = column.AppendInts(b, c.auction[from:to])
	b = column.AppendInts(b, c.print[from:to])
	b = column.AppendInts(b, c.at[from:to])
	b = column.AppendInts(b, c.ingest[from:to])
	b = column.AppendInts(b, c.pos[from:to])
	b = column.AppendInts(b, c.exchange[from:to])
	b = column.AppendInts(b, c.device[from:to])
	b = column.AppendInts(b, c.weight[from:to])
	for i := from; i < to; i++ {
		b = fact.AppendText(b, c.bucket.texts.Text(c.offers[i], int(c.size[i])))
		if c.pos[i] == widePosition {
			p := s.bids.wide[n<<chunkBits|i]
			b = s.ledger.AppendPosition(b, &p)
		}
	}
	return b
}

func loadBids(r *segmentReader) { loadRows(r, &r.s.bids.rowStore, r.bids, r.s.bids.drop) }

// bids reads a part of the bids.
func (r *segmentReader) bids(n, from, to uint32) {
	s, c := r.s, r.s.bids.chunks[n]
	readInts(r, c.flags[from:to])
	readInts(r, c.route[from:to])
	readInts(r, c.auction[from:to])
	readInts(r, c.print[from:to])
	readInts(r, c.at[from:to])
	readInts(r, c.ingest[from:to])
	readInts(r, c.pos[from:to])
	readInts(r, c.exchange[from:to])
	readInts(r, c.device[from:to])
	readInts(r, c.weight[from:to])
	for i := from; i < to && !r.Bad; i++ {
		r.isDim(c.exchange[i], dimGroupExchange)
		r.isDim(c.device[i], dimGroupDevice)
		offers := r.Text()
		if r.Bad || !readableOffers(offers) {
			r.Fail()
			return
		}
		c.offers[i], c.size[i] = c.bucket.texts.Add(offers), uint32(len(offers))
		delete(s.bids.wide, n<<chunkBits|i)
		if c.pos[i] == widePosition {
			s.bids.wide[n<<chunkBits|i] = r.Position()
		} else if c.pos[i]>>(positionOffsetBits+positionLineBits) >= uint64(s.ledger.Len()) {
			r.Fail()
		}
	}
}

// readableOffers reports whether text is what appendOffers writes.
func readableOffers(text string) bool {
	r := fact.ReaderOf([]byte(text), nil)
	r.Text()
	for n := r.Count(2); n > 0 && !r.Bad; n-- {
		made := r.Bool()
		r.Text()
		if !made {
			continue
		}
		for range 5 {
			r.Text()
		}
		r.Varint()
		r.Varint()
	}
	return !r.Bad && len(r.Rest) == 0
}
