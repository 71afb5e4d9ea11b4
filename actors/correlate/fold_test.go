package correlate

import (
	"fmt"
	"math/bits"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/event/delta"
)

// minuteSum is what the deltas add up to in one group of minutes.
type minuteSum struct {
	Add   event.Measures
	Spend event.Int128
}

// foldDeltas adds the deltas of a cut up, by the texts they name.
func (w *world) foldDeltas(b []byte) {
	if b == nil {
		return
	}
	shards := max(w.cfg.CampaignShards, 1)
	for shard := range event.Shard(shards) {
		r, err := delta.Open(b, shard, shards)
		if err != nil {
			w.t.Fatal(err)
		}
		var texts []string
		for text, ok := r.Text(); ok; text, ok = r.Text() {
			texts = append(texts, string(text))
		}
		w.foldSection(r, texts)
		if err := r.Err(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) foldSection(r *delta.Reader, texts []string) {
	part := func(n uint32, i int) string {
		t := tuple(texts[n][1:])
		s := t.text()
		for range i {
			s = t.text()
		}
		return s
	}
	var m delta.Minute
	for r.Minute(&m) {
		d := tuple(texts[m.Device][1:])
		k := event.CampaignKey{
			Bucket:   event.Time(m.At) * event.Time(event.Minute),
			Campaign: part(m.Creative, 0), Creative: part(m.Creative, 1), Exchange: part(m.Exchange, 0),
		}
		k.Country, k.Currency, k.Device = d.text(), d.text(), d.number()
		sum := w.minutes[k]
		each(&m.Amounts, func(at event.Measure, v int64) { sum.Add[at] += v })
		sum.Spend = sum.Spend.Add(m.Spend)
		w.minutes[k] = sum
	}
	var a delta.Audience
	for r.Audience(&a) {
		for i, n := range a.Bins {
			w.add(n, "audience %v %d %s %s bin %d", a.Day, a.At, part(a.Campaign, 0), part(a.Currency, 0), i)
			if a.Day {
				w.add(n, "reach %s", part(a.Campaign, 0))
			}
		}
	}
	var s delta.Site
	for r.Site(&s) {
		key := fmt.Sprintf("site %d %s %s %s %s", s.At, part(s.Place, 0), part(s.Place, 1), part(s.Campaign, 0), part(s.Currency, 0))
		each(&s.Amounts, func(at event.Measure, v int64) { w.add(v, "%s measure %d", key, at) })
		w.add(int64(s.Spend.Lo), "%s spend", key)
		for _, c := range s.ToClick {
			w.add(c.Times, "%s to click %d", key, c.MS)
		}
	}
	var p delta.Pipeline
	for r.Pipeline(&p) {
		key := fmt.Sprintf("pipeline %d %s", p.At, part(p.Topic, 0))
		w.add(p.Facts, "%s facts", key)
		w.add(p.Duplicates, "%s duplicates", key)
		w.add(p.Late, "%s late", key)
		w.add(p.Matched, "%s matched", key)
		for _, x := range p.Rejected {
			w.add(x.Times, "%s rejected %s", key, x.Reason)
		}
		for _, c := range p.Lags {
			w.add(c.Times, "%s lag %d", key, c.MS)
		}
	}
}

func each(a *delta.Amounts, f func(event.Measure, int64)) {
	n := 0
	for mask := a.Mask; mask != 0; mask &= mask - 1 {
		f(event.Measure(bits.TrailingZeros64(mask)), a.Values[n])
		n++
	}
}

func (w *world) add(n int64, key string, args ...any) { w.others[fmt.Sprintf(key, args...)] += n }
