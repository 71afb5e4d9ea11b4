package correlate

import (
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/actors/correlate/journey"
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

// segmentReader reads a segment into a shard.
type segmentReader struct {
	fact.Reader
	s *Shard
}

// load applies one segment.
func (s *Shard) load(b []byte, first bool) error {
	r, err := s.openSegment(b, first)
	if err != nil {
		return err
	}
	s.watermark, s.frontier = r.Time(), r.Time()
	for _, section := range [...]func(*segmentReader){
		loadLedger, loadDims, loadUsers, loadImpressions, loadBids, loadJourneys, loadContests, loadLinks,
	} {
		if section(r); r.Bad {
			return ErrCorrupt
		}
	}
	if len(r.Rest) != 0 {
		return ErrCorrupt
	}
	return nil
}

// openSegment checks the frame of a segment and that it is this shard's and the
// next in the chain.
func (s *Shard) openSegment(b []byte, first bool) (*segmentReader, error) {
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
	r := &segmentReader{Reader: *fact.ReaderOf(body[head:], &s.ledger), s: s}
	base := b[head-1] == 1
	s.saved.sequence++
	sequence, shard, shards, key := r.Uvarint(), r.Uvarint(), r.Uvarint(), r.Text()
	switch {
	case r.Bad:
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

func loadLedger(r *segmentReader) {
	l := &r.s.ledger
	for n := r.Count(7); n > 0 && !r.Bad; n-- {
		i := r.Uvarint()
		p := event.Partition{Topic: r.Text(), ID: r.Int32()}
		if uint64(l.Of(p)) != i {
			r.Fail()
			return
		}
		a := l.Account(uint32(i))
		a.Facts, a.Duplicates, a.Conflicts, a.Erased = r.Varint(), r.Varint(), r.Varint(), r.Varint()
		clear(a.Rejected)
		for why := r.Byte(); why != 0; why = r.Byte() {
			if int(why) >= len(a.Rejected) {
				r.Fail()
				return
			}
			a.Rejected[why] = r.Varint()
		}
	}
}

func loadDims(r *segmentReader) {
	for n := r.Count(2); n > 0 && !r.Bad; n-- {
		ordinal, text := r.Uvarint(), r.Bytes()
		if ordinal > column.MaxOrdinal || !wellFormed(string(text)) || !r.s.dims.dict.Set(uint32(ordinal), text) {
			r.Fail()
		}
	}
}

func loadUsers(r *segmentReader) {
	u := &r.s.users
	for n := r.Count(25); n > 0 && !r.Bad; n-- {
		ordinal, route := r.Uvarint(), event.Route(r.Fixed64())
		var key userKey
		if len(r.Rest) < len(key) || ordinal > column.MaxOrdinal {
			r.Fail()
			return
		}
		copy(key[:], r.Rest)
		r.Rest = r.Rest[len(key):]
		for uint64(u.given) <= ordinal {
			u.grow()
		}
		if _, there := u.find(route); there || u.at(uint32(ordinal)).taken() {
			r.Fail()
			return
		}
		u.set(uint32(ordinal), route, key)
	}
}

func loadJourneys(r *segmentReader) {
	m := &r.s.journeys
	for n := r.Count(9); n > 0 && !r.Bad; n-- {
		route, record := event.Route(r.Fixed64()), r.Bytes()
		if len(record) == 0 {
			m.Put(route, nil)
			continue
		}
		if _, ok := journey.Decode(route, record, &r.s.ledger); !ok {
			r.Fail()
			return
		}
		k, _ := m.Put(route, record)
		m.Schedule(k, r.Time(), r.Time(), r.Time())
	}
}

func loadContests(r *segmentReader) {
	for n := r.Count(18); n > 0 && !r.Bad; n-- {
		k := r.contestKey()
		if c := r.s.contests[k]; c != nil {
			delete(r.s.contests, k)
			delete(r.s.contestByNumber, c.number)
		}
	}
	for n := r.Fixed32(); n > 0 && !r.Bad; n-- {
		r.contest()
	}
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
		c.older[i] = 0
		if c.user[i] != noUser && c.flags[i]&impEvicted == 0 {
			s.linkTouch(row)
		}
	})
	s.journeys.Each(func(r event.Route, n uint32) {
		if j, ok := journey.Decode(r, s.journeys.Record(n), &s.ledger); ok {
			s.countChildren(j, 1)
		}
	})
	s.saveAccounts()
	s.recountReach()
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
	s.saved.accounts = s.ledger.InOrder()
}
