package correlate

import (
	"bytes"
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// step is one record of a history, and what follows it.
type lawStep struct {
	event               any
	watermark, frontier event.Time
	advance, cut, base  bool
}

// steps is a history in order of ingest with cuts and clocks, to be run more
// than once alike.
func steps(seed uint64, n int) []lawStep {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := &history{rng: rng}
	events := h.make(n)
	slices.SortStableFunc(events, func(a, b any) int {
		return cmp.Compare(envelopeOf(a).Ingest, envelopeOf(b).Ingest)
	})
	out := make([]lawStep, len(events))
	highest := event.MinTime
	for i, e := range events {
		highest = max(highest, envelopeOf(e).EventTime)
		out[i] = lawStep{
			event: e, advance: rng.IntN(2) == 0, cut: rng.IntN(2) == 0, base: rng.IntN(5) == 0,
			watermark: highest.Add(-10 * event.Minute), frontier: envelopeOf(e).Ingest,
		}
	}
	return out
}

// runSteps runs a history; with restore the shard is made anew from its
// segments after every cut. It returns every segment.
func runSteps(t *testing.T, list []lawStep, restore bool) (*world, [][]byte) {
	w := newWorld(t, func(c *Config) { c.Reference = lawReference(t) })
	var all [][]byte
	var chain [][]byte
	for i := range list {
		st := &list[i]
		w.apply(st.event)
		if st.advance {
			w.shards[0].Advance(st.watermark, st.frontier)
		}
		if !st.cut {
			continue
		}
		c := w.shards[0].Cut()
		w.fold(0, c)
		b := w.shards[0].Segment(st.base)
		all = append(all, b)
		if st.base {
			chain = nil
		}
		chain = append(chain, b)
		if restore {
			s, err := Restore(w.cfg, chain)
			if err != nil {
				t.Fatal(err)
			}
			w.shards[0] = s
		}
		w.begin()
		w.recall(c)
	}
	return w, all
}

func TestSegment_SameInputSameBytes(t *testing.T) {
	for seed := range uint64(60) {
		list := steps(seed, 60)
		_, once := runSteps(t, list, false)
		_, again := runSteps(t, list, false)
		_, restored := runSteps(t, list, true)
		for i := range once {
			if !bytes.Equal(once[i], again[i]) {
				t.Fatalf("seed %d: segment %d differs between two runs", seed, i)
			}
			if !bytes.Equal(once[i], restored[i]) {
				t.Fatalf("seed %d: segment %d differs after a restore: %d and %d bytes", seed, i, len(once[i]), len(restored[i]))
			}
		}
	}
}

// A base says what the base and the segments before it said together.
func TestSegment_BaseEqualsItsHistory(t *testing.T) {
	list := steps(3, 80)
	for i := range list {
		list[i].base = false
	}
	list[len(list)-1].cut = true
	w, all := runSteps(t, list, false)
	s, err := Restore(w.cfg, all)
	if err != nil {
		t.Fatal(err)
	}
	w.shards[0].Cut()
	s.Begin(w.cut, 0)
	s.Cut()
	want, got := w.shards[0].Segment(true), s.Segment(true)
	if !bytes.Equal(want, got) {
		t.Fatalf("bases of %d and %d bytes differ", len(want), len(got))
	}
}

func TestRestore_RefusesDamage(t *testing.T) {
	w, all := runSteps(t, steps(5, 40), false)
	first := 0
	for i := range all {
		if all[i][5] == 1 {
			first = i
		}
	}
	chain := all[first:]
	if _, err := Restore(w.cfg, chain); err != nil {
		t.Fatal(err)
	}
	for i := range chain[0] {
		broken := bytes.Clone(chain[0])
		broken[i] ^= 0x10
		if _, err := Restore(w.cfg, [][]byte{broken}); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
		if _, err := Restore(w.cfg, [][]byte{chain[0][:i]}); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut off at %d: %v", i, err)
		}
	}
	if len(chain) > 2 {
		if _, err := Restore(w.cfg, [][]byte{chain[0], chain[2]}); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("a segment left out: %v", err)
		}
	}
	if _, err := Restore(w.cfg, nil); err == nil {
		t.Error("no segments")
	}
	other := w.cfg
	other.Shard = 1
	if _, err := Restore(other, chain); err == nil {
		t.Error("another shard")
	}
	other = w.cfg
	other.Settings.UserKeyID = "k2"
	if _, err := Restore(other, chain); err == nil || !strings.Contains(err.Error(), "k2") {
		t.Errorf("another user key: %v", err)
	}
}

// Damage under a checksum that fits is an error as well, and never a panic or a
// table that a forged length blew up.
func FuzzRestore(f *testing.F) {
	w, all := runSteps(new(testing.T), steps(5, 40), false)
	for i := range all {
		if all[i][5] == 1 {
			f.Add(all[i][:len(all[i])-checksumBytes], 3, byte(1))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, at int, flip byte) {
		if len(body) == 0 {
			return
		}
		b := bytes.Clone(body)
		b[uint(at)%uint(len(b))] ^= flip
		s, err := Restore(w.cfg, [][]byte{seal(b)})
		if err == nil && s == nil {
			t.Fatal("neither a shard nor an error")
		}
	})
}

// TestRestore_ForgedBytes is the fuzz target over every byte of one segment.
func TestRestore_ForgedBytes(t *testing.T) {
	w, all := runSteps(t, steps(5, 40), false)
	base := all[0]
	body := base[:len(base)-checksumBytes]
	for i := range body {
		for _, flip := range []byte{1, 0x10, 0x80, 0xff} {
			b := bytes.Clone(body)
			b[i] ^= flip
			if s, err := Restore(w.cfg, [][]byte{seal(b)}); err == nil {
				s.Begin(1, 0)
				s.Advance(event.MaxTime, event.MaxTime)
				s.Cut()
			}
		}
	}
}

// Rows of one hour that fill more than one chunk, in parts of every alignment,
// with rows of each that change later: wins of bids that come after their
// impressions.
func TestSegment_PartsOfManyChunks(t *testing.T) {
	const n = 3*chunkRows + 7
	w := newWorld(t, func(c *Config) { c.Reference = lawReference(t) })
	var chain [][]byte
	cut := func() {
		w.fold(0, w.shards[0].Cut())
		chain = append(chain, w.shards[0].Segment(false))
		s, err := Restore(w.cfg, chain)
		if err != nil {
			t.Fatal(err)
		}
		w.shards[0] = s
		w.begin()
	}
	var f feed
	g := &traffic{rng: rand.New(rand.NewPCG(1, 2)), feed: f, now: at("10:00:00"), step: 100 * event.Millisecond}
	var list []*event.Impression
	for i := range n {
		e := g.impression(true)
		if i%50 == 0 {
			e.ID = "plain-" + e.ID
		}
		if i%70 == 0 {
			e.PriceMicros = event.Absent
		}
		if i%90 == 1 {
			e.PriceMicros = 1<<32 - 3 + int64(i/90) // about the largest that fits 32 bits
		}
		list = append(list, e)
		w.apply(e)
		switch i {
		case 99, chunkRows - 1, chunkRows, 2*chunkRows + 17:
			cut()
		}
	}
	cut()
	for i := 0; i < n; i += 40 {
		imp := list[i]
		w.apply(g.feed.bid(imp.AuctionID, imp.UserID, imp.EventTime.Add(-event.Second), func(e *event.Bid) {
			e.Exchange, e.Route = imp.Exchange, imp.Route
			e.Offers = []event.Offer{offerOf(imp.BidID, 7, func(o *event.Offer) { o.CampaignID = "other" })}
		}))
	}
	cut()
	if got, want := w.count("wins"), (n+39)/40; got != want {
		t.Fatalf("%d wins, want %d", got, want)
	}
	again, err := Restore(w.cfg, chain)
	if err != nil {
		t.Fatal(err)
	}
	w.shards[0].Cut()
	base := w.shards[0].Segment(true)
	again.Begin(w.cut, 0)
	again.Cut()
	if !bytes.Equal(base, again.Segment(true)) {
		t.Error("a base of what was restored at every cut is not that of what was restored once")
	}
	whole, err := Restore(w.cfg, [][]byte{base})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		id, form := column.Pack(e.ID)
		row, ok := whole.imps.find(column.Mix(column.HashID(id, form, e.ID), uint64(e.Route)), id, form, e.ID, e.Route, &whole.users)
		if !ok {
			t.Fatalf("impression %s is gone", e.ID)
		}
		c, i := whole.imps.at(row)
		if whole.imps.time(row) != e.EventTime || whole.imps.priceOf(row) != e.PriceMicros || whole.dims.creative(c.creative[i]).Creative != e.CreativeID ||
			whole.dims.place(c.place[i]).Site != e.SiteDomain || whole.positionOf(row) != e.Position || whole.imps.ingestTime(row) != e.Ingest {
			t.Fatalf("impression %s comes back otherwise", e.ID)
		}
	}
}
