package correlate

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/wire"
)

// Restore makes a shard from what Segment wrote: a base, then every later
// segment, oldest first. Anything else, or any damage, is an error and no
// shard: the caller restores from an earlier commit or starts from the first
// offset.
func Restore(cfg Config, segments [][]byte) (*Shard, error) {
	if len(segments) == 0 {
		return nil, fmt.Errorf("correlate: restore shard %d: no segments: give its base and what follows", cfg.Shard)
	}
	s := New(cfg)
	for i, b := range segments {
		if err := s.load(b, i == 0); err != nil {
			return nil, fmt.Errorf("correlate: restore shard %d: segment %d of %d: %w", cfg.Shard, i+1, len(segments), err)
		}
	}
	if !s.relink() {
		return nil, fmt.Errorf("correlate: restore shard %d: %w", cfg.Shard, ErrCorrupt)
	}
	return s, nil
}

// load applies one segment.
func (s *Shard) load(b []byte, first bool) error {
	r, err := s.openSegment(b, first)
	if err != nil {
		return err
	}
	s.watermark, s.frontier = r.time(), r.time()
	for _, section := range [...]func(*journeyReader){
		loadLedger, loadDims, loadUsers, loadImpressions, loadBids, loadJourneys, loadContests, loadReach,
	} {
		if section(r); r.bad {
			return ErrCorrupt
		}
	}
	if len(r.rest) != 0 {
		return ErrCorrupt
	}
	return nil
}

// openSegment checks the frame of a segment and that it is this shard's and the
// next in the chain.
func (s *Shard) openSegment(b []byte, first bool) (*journeyReader, error) {
	const head = len(segmentMagic) + 2
	if len(b) < head+checksumBytes || string(b[:len(segmentMagic)]) != segmentMagic {
		return nil, ErrCorrupt
	}
	body, sum := b[:len(b)-checksumBytes], binary.LittleEndian.Uint64(b[len(b)-checksumBytes:])
	if xxh3.Hash(body) != sum {
		return nil, fmt.Errorf("%w: wrong checksum", ErrCorrupt)
	}
	if v := b[len(segmentMagic)]; v != segmentVersion {
		return nil, fmt.Errorf("version %d, this program reads version %d", v, segmentVersion)
	}
	r := &journeyReader{reader: reader{rest: body[head:]}, s: s}
	base := b[head-1] == 1
	s.saved.sequence++
	sequence, shard, shards, key := r.uvarint(), r.uvarint(), r.uvarint(), r.text()
	switch {
	case r.bad:
		return nil, ErrCorrupt
	case base != first:
		return nil, fmt.Errorf("a base stands first and only there")
	case sequence != s.saved.sequence:
		return nil, fmt.Errorf("number %d where %d is due: a segment is missing", sequence, s.saved.sequence)
	case shard != uint64(s.cfg.Shard) || shards != uint64(s.cfg.Shards):
		return nil, fmt.Errorf("of shard %d of %d, not %d of %d", shard, shards, s.cfg.Shard, s.cfg.Shards)
	case key != s.cfg.Settings.UserKeyID:
		return nil, fmt.Errorf("made under user key %q, the configuration names %q: user keys would change", key, s.cfg.Settings.UserKeyID)
	}
	return r, nil
}

func loadLedger(r *journeyReader) {
	l := &r.s.ledger
	for n := r.count(7); n > 0 && !r.bad; n-- {
		i := r.uvarint()
		p := event.Partition{Topic: r.text(), ID: r.int32()}
		if uint64(l.of(p)) != i {
			r.fail()
			return
		}
		a := &l.list[i]
		a.Facts, a.Duplicates, a.Conflicts, a.Erased = r.varint(), r.varint(), r.varint(), r.varint()
		clear(a.Rejected)
		for why := r.byte(); why != 0; why = r.byte() {
			if int(why) >= len(a.Rejected) {
				r.fail()
				return
			}
			a.Rejected[why] = r.varint()
		}
	}
}

func loadDims(r *journeyReader) {
	for n := r.count(2); n > 0 && !r.bad; n-- {
		ordinal, text := r.uvarint(), r.bytes()
		if ordinal > column.MaxOrdinal || !wellFormed(string(text)) || !r.s.dims.dict.Set(uint32(ordinal), text) {
			r.fail()
		}
	}
}

func loadUsers(r *journeyReader) {
	u := &r.s.users
	for n := r.count(25); n > 0 && !r.bad; n-- {
		ordinal, route := r.uvarint(), event.Route(r.uint64())
		var key userKey
		if len(r.rest) < len(key) || ordinal > column.MaxOrdinal {
			r.fail()
			return
		}
		copy(key[:], r.rest)
		r.rest = r.rest[len(key):]
		for uint64(len(u.route)) <= ordinal {
			u.grow()
		}
		if _, there := u.find(route); there || u.taken[ordinal] {
			r.fail()
			return
		}
		u.set(uint32(ordinal), route, key)
	}
}

func loadImpressions(r *journeyReader) {
	m := &r.s.imps
	floor := r.time()
	for n := r.fixed32(); n > 0 && !r.bad; n-- {
		hour, saved := r.time(), r.uvarint()
		b := m.bucket(hour)
		if uint64(b.rows) != saved || hour.Floor(bucketSpan) != hour {
			r.fail()
			return
		}
		for k := r.count(24); k > 0 && !r.bad; k-- {
			r.impression(m.add(hour))
		}
		for k := r.count(24); k > 0 && !r.bad; k-- {
			if i := r.uvarint(); i < uint64(b.rows) {
				r.impression(rowAt(b.chunks, int(i)))
			} else {
				r.fail()
			}
		}
		b.saved = b.rows
	}
	for !r.bad && len(m.hours) > 0 && m.hours[0] < floor {
		r.s.unloadImpressions(m.buckets[m.hours[0]])
		m.hours = m.hours[1:]
	}
}

// unloadImpressions drops a bucket before there are indexes and lists.
func (s *Shard) unloadImpressions(b *impBucket) {
	m := &s.imps
	for i := range b.rows {
		row := rowAt(b.chunks, i)
		delete(m.quantity, row)
		delete(m.wide, row)
		delete(m.odd, row)
	}
	s.freeImpressions(b)
}

func (r *journeyReader) impression(row uint32) {
	s, m := r.s, &r.s.imps
	c, i := m.at(row)
	f := impFlags(r.fixed32())
	c.flags[i] = f
	if f.form() == column.Plain {
		text := r.text()
		c.id[i] = column.ID{Hi: uint64(len(text)), Lo: uint64(c.bucket.texts.Add(text))}
	} else {
		c.id[i] = column.ID{Hi: r.uint64(), Lo: r.uint64()}
	}
	c.print[i], c.offset[i] = r.uint64(), r.fixed32()
	c.creative[i], c.place[i], c.device[i] = r.dim(dimCreative), r.dim(dimPlace), r.dim(dimDevice)
	delete(m.wide, row)
	if f&impWide != 0 {
		w := wideRow{pos: r.position()}
		w.ingest = r.time()
		m.wide[row] = w
	} else {
		c.pos[i] = r.uvarint()
		c.ingest[i] = r.int32()
		if c.pos[i]>>(positionOffsetBits+positionLineBits) >= uint64(len(s.ledger.list)) {
			r.fail()
		}
	}
	c.user[i] = noUser
	if u := r.uvarint(); u == 0 {
		c.setRoute(i, event.Route(r.uint64()))
	} else if u <= uint64(len(s.users.route)) && s.users.taken[u-1] {
		c.user[i] = uint32(u - 1)
	} else {
		r.fail()
	}
	if f&impQuantity != 0 {
		m.quantity[row] = r.varint()
	}
	r.optionalColumns(row, c, i)
}

func (r *journeyReader) optionalColumns(row uint32, c *impChunk, i uint32) {
	m := &r.s.imps
	has := r.byte()
	price, auction, bid := int64(event.Absent), uint64(0), uint64(0)
	if has&savedPrice != 0 {
		price = r.varint()
	}
	if has&savedAuction != 0 {
		auction = r.uint64()
	}
	if has&savedBid != 0 {
		bid = r.uint64()
	}
	c.setPrice(i, price)
	c.setAuction(i, auction, bid)
	delete(m.odd, row)
	if has&savedOdd != 0 {
		m.odd[row] = oddWin{r.dim(dimGroupCreative)}
	}
}

// dim reads an ordinal of the dictionary that stands for a tuple of the kind.
func (r *journeyReader) dim(kind byte) uint32 {
	n := r.uint32()
	if d := &r.s.dims.dict; !d.Has(n) || d.Text(n)[0] != kind {
		r.fail()
		return 0
	}
	return n
}

func (r *reader) fixed32() uint32 {
	if len(r.rest) < 4 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(r.rest)
	r.rest = r.rest[4:]
	return v
}

func loadBids(r *journeyReader) {
	m := &r.s.bids
	floor := r.time()
	for n := r.fixed32(); n > 0 && !r.bad; n-- {
		hour, saved := r.time(), r.uvarint()
		b := m.bucket(hour)
		if uint64(b.rows) != saved || hour.Floor(bucketSpan) != hour {
			r.fail()
			return
		}
		for k := r.count(36); k > 0 && !r.bad; k-- {
			r.bid(m.add(hour))
		}
		for k := r.count(36); k > 0 && !r.bad; k-- {
			if i := r.uvarint(); i < uint64(b.rows) {
				r.bid(rowAt(b.chunks, int(i)))
			} else {
				r.fail()
			}
		}
		b.saved = b.rows
	}
	for !r.bad && len(m.hours) > 0 && m.hours[0] < floor {
		r.s.freeBids(m.buckets[m.hours[0]])
		m.hours = m.hours[1:]
	}
}

func (r *journeyReader) bid(row uint32) {
	c, i := r.s.bids.at(row)
	c.flags[i] = bidFlags(r.fixed32())
	c.route[i], c.auction[i], c.print[i] = event.Route(r.uint64()), r.uint64(), r.uint64()
	c.at[i] = r.time()
	c.ingest[i] = c.at[i] + r.time()
	p := r.position()
	if r.bad {
		return
	}
	pos, ok := packPosition(r.s.ledger.of(p.Partition), &p)
	delete(r.s.bids.wide, row)
	if !ok {
		pos = widePosition
		r.s.bids.wide[row] = p
	}
	c.pos[i] = pos
	offers := r.text()
	if !readableOffers(offers) {
		r.fail()
		return
	}
	c.offers[i], c.size[i] = c.bucket.texts.Add(offers), uint32(len(offers))
	c.exchange[i], c.device[i] = r.dim(dimGroupExchange), r.dim(dimGroupDevice)
	c.weight[i] = r.varint()
}

func loadJourneys(r *journeyReader) {
	m := &r.s.journeys
	for n := r.count(9); n > 0 && !r.bad; n-- {
		route, record := event.Route(r.uint64()), r.bytes()
		if len(record) == 0 {
			m.put(route, nil)
			continue
		}
		if !r.s.decodeJourney(record, &journey{}) {
			r.fail()
			return
		}
		k, _ := m.put(route, record)
		m.schedule(k, r.time(), r.time(), r.time())
	}
}

func loadContests(r *journeyReader) {
	for n := r.count(18); n > 0 && !r.bad; n-- {
		k := r.contestKey()
		if c := r.s.contests[k]; c != nil {
			delete(r.s.contests, k)
			delete(r.s.contestByNumber, c.number)
		}
	}
	for n := r.fixed32(); n > 0 && !r.bad; n-- {
		r.contest()
	}
}

func loadReach(r *journeyReader) {
	for n := r.count(4); n > 0 && !r.bad; n-- {
		k := reachKey{campaign: r.dim(dimCampaign), day: r.int32()}
		added, removed := r.bytes(), r.bytes()
		if r.bad {
			return
		}
		set := r.s.reach.set(k)
		for _, change := range [...]struct {
			bytes []byte
			apply func(*roaring.Bitmap)
		}{{added, set.users.Or}, {removed, set.users.AndNot}} {
			if len(change.bytes) == 0 {
				continue
			}
			b := roaring.New()
			if err := b.UnmarshalBinary(slices.Clone(change.bytes)); err != nil {
				r.fail()
				return
			}
			change.apply(b)
		}
	}
}

// readableOffers reports whether text is what appendOffers writes.
func readableOffers(text string) bool {
	r := reader{rest: []byte(text)}
	r.text()
	for n := r.count(2); n > 0 && !r.bad; n-- {
		made := r.bool()
		r.text()
		if !made {
			continue
		}
		for range 5 {
			r.text()
		}
		r.varint()
		r.varint()
	}
	return !r.bad && len(r.rest) == 0
}

// readable reports whether a record that is kept whole can be read.
func (s *Shard) readable(k event.Kind, whole []byte) bool {
	base, b, ok := s.openWhole(whole)
	if !ok {
		return false
	}
	var rest []byte
	var err error
	if k == event.KindBid {
		rest, err = wire.ReadBid(b, &base, &s.scratch.wholeBid)
	} else {
		rest, err = wire.ReadImpression(b, &base, &s.scratch.whole)
	}
	return err == nil && len(rest) == 0
}

// relink makes the indexes, lists and counters that segments do not hold.
func (s *Shard) relink() bool {
	s.dims.dict.Settle()
	if !s.dims.relink() {
		return false
	}
	s.users.listFree()
	s.indexRows()
	s.imps.each(func(row uint32) {
		c, i := s.imps.at(row)
		c.older[i], c.newer[i] = 0, 0
		if c.user[i] != noUser && c.flags[i]&impEvicted == 0 {
			s.linkTouch(row)
		}
	})
	for n, h := range s.journeys.record {
		if h == 0 {
			continue
		}
		j := &journey{}
		s.decodeJourney(s.journeys.slab.Get(s.journeys.record[n]), j)
		s.journeys.clicks += int64(len(j.clicks))
		s.journeys.convs += int64(len(j.convs))
	}
	s.saveAccounts()
	return s.attach()
}

// indexRows builds the indexes of rows in one go.
func (s *Shard) indexRows() {
	m := &s.imps
	m.byID.Build(m.count+1, func(add func(uint64, uint32)) {
		m.each(func(row uint32) { add(m.idHash(row, m.routeOf(row, &s.users)), row) })
	})
	auctions := 0
	m.each(func(row uint32) {
		if c, i := m.at(row); c.auctionOf(i) != 0 {
			auctions++
		}
	})
	m.byAuction.Build(auctions+1, func(add func(uint64, uint32)) {
		m.each(func(row uint32) {
			if c, i := m.at(row); c.auctionOf(i) != 0 {
				add(c.auctionOf(i), row)
			}
		})
	})
	s.bids.index.Build(s.bids.count+1, func(add func(uint64, uint32)) {
		s.bids.each(func(row uint32) {
			c, i := s.bids.at(row)
			add(c.auction[i], row)
		})
	})
}

func (s *Shard) saveAccounts() {
	s.saved.accounts = slices.Clone(s.ledger.list)
	for i := range s.saved.accounts {
		s.saved.accounts[i].Rejected = slices.Clone(s.ledger.list[i].Rejected)
	}
}
