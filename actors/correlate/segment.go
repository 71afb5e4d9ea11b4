package correlate

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/event"
)

// A segment is a list of upserts: what came or changed since the last one, or
// for a base everything that is live. docs/formats/shard-segment.md has the
// layout. Indexes, lists and timers are not in it: Restore makes them again.

const (
	segmentMagic   = "ADJS"
	segmentVersion = 4
	checksumBytes  = 8
)

// ErrCorrupt is why Restore refuses a segment: bytes that no Segment of this
// version wrote.
var ErrCorrupt = errors.New("correlate: corrupt or truncated segment")

// saving is what a shard remembers from one segment to the next.
type saving struct {
	sequence uint64    // number of the last segment; a base starts anew at 1
	accounts []Account // of the ledger, as written last
	bytes    [2]int    // of the last change and the last base
}

// Segment is the state as bytes: what changed since the last Segment, or with
// base all of it. It is called after Cut and before the next Begin, and only
// for cuts that are to be committed. A base needs no earlier segment. The first
// segment of a shard is a base whatever the argument. A base also forgets text
// and users that nothing refers to any more.
func (s *Shard) Segment(base bool) []byte {
	base = base || s.saved.sequence == 0
	if base {
		s.sweep()
		s.saved.sequence = 0
		s.saved.accounts = nil
	}
	s.saved.sequence++
	// Growing in steps would copy a segment several times over.
	const rowBytes = 88 // of an impression with its share of users and texts
	likely := max(s.saved.bytes[fact.Bit(base)], rowBytes*(s.imps.unsaved(base)+s.bids.unsaved(base)))
	b := append(make([]byte, 0, likely+likely/4+1024), segmentMagic...)
	b = append(b, segmentVersion, byte(fact.Bit(base)))
	b = binary.AppendUvarint(b, s.saved.sequence)
	b = binary.AppendUvarint(b, uint64(s.cfg.Shard))
	b = binary.AppendUvarint(b, uint64(s.cfg.Shards))
	b = fact.AppendText(b, s.cfg.Settings.UserKeyID)
	b = fact.AppendTime(fact.AppendTime(b, s.watermark), s.frontier)
	b = s.appendLedger(b)
	b = s.appendDims(b, base)
	b = s.appendUsers(b, base)
	b = appendRows(b, &s.imps.rowStore, base, s.appendImpressions)
	b = appendRows(b, &s.bids.rowStore, base, s.appendBids)
	b = s.appendJourneys(b, base)
	b = s.appendContests(b, base)
	b = s.appendLinks(b, base)
	s.saved.bytes[fact.Bit(base)] = len(b)
	return seal(b)
}

// sweep frees what nothing refers to: ordinals of users, and text.
func (s *Shard) sweep() {
	hasRow := make([]bool, s.users.given)
	keep := make([]bool, s.dims.dict.Len())
	mark := func(n uint32) {
		keep[n] = true
		for _, part := range s.dims.dict.Note(n) {
			if part != noGroup {
				keep[part] = true
			}
		}
	}
	s.imps.each(func(row uint32) {
		c, i := s.imps.at(row)
		mark(c.creative[i])
		mark(c.place[i])
		mark(c.device[i])
		if u := c.user[i]; u != noUser {
			hasRow[u] = true
		}
	})
	for _, odd := range s.imps.odd {
		mark(odd.group)
	}
	s.bids.each(func(row uint32) {
		c, i := s.bids.at(row)
		mark(c.exchange[i])
		mark(c.device[i])
	})
	for k := range s.reach.sets {
		mark(k.campaign)
		mark(k.currency)
	}
	s.users.sweep(hasRow)
	s.dims.dict.Sweep(func(n uint32) bool { return keep[n] })
	s.dims.fresh = s.dims.fresh[:0]
	s.reach.forget()
}

func (s *Shard) appendLedger(b []byte) []byte {
	var changed []int
	for i := range s.ledger.Len() {
		if i >= len(s.saved.accounts) || !sameAccount(s.ledger.Account(uint32(i)), &s.saved.accounts[i]) {
			changed = append(changed, i)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(changed)))
	for _, i := range changed {
		a := s.ledger.Account(uint32(i))
		b = binary.AppendUvarint(b, uint64(i))
		b = fact.AppendText(b, a.Topic)
		b = binary.AppendVarint(b, int64(a.ID))
		for _, v := range [...]int64{a.Facts, a.Duplicates, a.Conflicts, a.Erased} {
			b = binary.AppendVarint(b, v)
		}
		for why, v := range a.Rejected {
			if v != 0 {
				b = append(b, byte(why))
				b = binary.AppendVarint(b, v)
			}
		}
		b = append(b, byte(event.NotRejected))
	}
	s.saveAccounts()
	return b
}

func sameAccount(a, b *Account) bool {
	return a.Facts == b.Facts && a.Duplicates == b.Duplicates && a.Conflicts == b.Conflicts &&
		a.Erased == b.Erased && slices.Equal(a.Rejected, b.Rejected)
}

func (s *Shard) appendDims(b []byte, base bool) []byte {
	list := s.dims.fresh
	if base {
		list = list[:0]
		for n := range uint32(s.dims.dict.Len()) {
			if s.dims.dict.Has(n) {
				list = append(list, n)
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, n := range list {
		b = binary.AppendUvarint(b, uint64(n))
		b = fact.AppendText(b, s.dims.dict.Text(n))
	}
	s.dims.fresh = list[:0]
	return b
}

func (s *Shard) appendUsers(b []byte, base bool) []byte {
	u := &s.users
	list := u.fresh
	if base {
		list = list[:0]
		for n := range u.given {
			if u.at(n).taken() {
				list = append(list, n)
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, n := range list {
		b = binary.AppendUvarint(b, uint64(n))
		v := u.at(n)
		b = binary.LittleEndian.AppendUint64(b, uint64(v.route))
		b = append(b, v.key[:]...)
	}
	u.fresh = list[:0]
	return b
}

func (s *Shard) appendJourneys(b []byte, base bool) []byte {
	m := &s.journeys
	list := s.journeyFresh
	if base {
		list = list[:0]
		m.Each(func(r event.Route, _ uint32) { list = append(list, r) })
	}
	slices.Sort(list)
	list = slices.Compact(list)
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, r := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(r))
		n, ok := m.Find(r)
		if !ok {
			b = append(b, 0)
			continue
		}
		record := m.Record(n)
		b = binary.AppendUvarint(b, uint64(len(record)))
		b = append(b, record...)
		until, wake, write := m.Times(n)
		b = fact.AppendTime(fact.AppendTime(fact.AppendTime(b, until), wake), write)
	}
	s.journeyFresh = list[:0]
	return b
}

// seal ends a segment with its checksum.
func seal(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, xxh3.Hash(b)) }
