package explain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/internal/table"
)

// Input is what to explain, and the engine to ask.
type Input struct {
	Kind event.Kind // impression, click or conversion
	ID   string     // as on the wire, or the key of a row

	Topics         []actors.Topic
	Bids           []string // which of the topics hold bid requests: those are decoded once less
	Settings       correlate.Settings
	Reference      *reference.Set
	WatermarkDelay event.Span

	// Open begins the records anew; next gives one after the other. It is called
	// two or three times.
	Open func() (next func() (rec codecs.Record, ok bool, err error), done io.Closer, err error)
}

// Run finds the records of the id, runs the engine and explains. It fails on
// records that cannot be read, not on an id that is not there.
func Run(ctx context.Context, in Input) (*Answer, error) {
	switch in.Kind {
	case event.KindImpression, event.KindClick, event.KindConversion:
	default:
		return nil, fmt.Errorf("explain: %q cannot be explained: impression, click or conversion", in.Kind)
	}
	found, err := in.find(ctx)
	if err != nil {
		return nil, err
	}
	a := &Answer{FormatVersion: 1, Kind: in.Kind.String(), ID: in.ID, Records: in.standing(found), Facts: []Fact{}}
	if len(found) == 0 {
		return a, nil
	}
	w := newWorld(&in, found)
	if err := in.replay(ctx, w); err != nil {
		return nil, err
	}
	// A child without a user joins in the timelines of those it names (R3).
	if w.follow() {
		if err := in.replay(ctx, w); err != nil {
			return nil, err
		}
	}
	w.explain(a)
	return a, nil
}

// find decodes every record and keeps those of the id.
func (in *Input) find(ctx context.Context) (found []record, err error) {
	decoders := map[string]codecs.Decoder{}
	backfill := map[string]bool{}
	for _, t := range in.Topics {
		decoders[t.Name], backfill[t.Name] = t.NewDecoder(), t.Backfill
	}
	for _, name := range in.Bids {
		delete(decoders, name)
	}
	next, done, err := in.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done.Close()) }()
	f := &finder{kind: in.Kind, id: in.ID}
	for n := 0; ; n++ {
		rec, ok, err := next()
		if err != nil || !ok {
			return f.found, err
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if d := decoders[rec.Topic]; d != nil {
			rec.Backfill = backfill[rec.Topic]
			d.Decode(&rec, f)
		}
	}
}

// replay runs the engine and keeps the rows that the world asks for.
func (in *Input) replay(ctx context.Context, w *world) (err error) {
	next, done, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done.Close()) }()
	_, err = actors.Replay(ctx, actors.ReplayConfig{
		Topics: in.Topics, UserShards: 1, CampaignShards: 1, Settings: in.Settings, Reference: in.Reference,
		WatermarkDelay: in.WatermarkDelay, Next: next, Out: keeper{w},
	})
	return err
}

// key is a row's: its route and id.
type key struct {
	route int64
	id    string
}

// bidKey is the key of a row of fact_bids inside one exchange.
type bidKey struct {
	route               int64
	auction, imp, offer string
}

// world is the rows that may matter to the id, the last version of each.
type world struct {
	in      *Input
	records []record
	routes  map[int64]bool  // timelines to keep whole
	ids     map[string]bool // impressions and clicks to keep wherever they are
	chains  map[string]bool // exchange and auction, the same

	mu           sync.Mutex // guards what follows: a sink may be called from several goroutines
	impressions  map[key]table.Impression
	clicks       map[key]table.Click
	conversions  map[key]table.Conversion
	attributions map[key]map[string]table.Attribution // by conversion, then touch: of the model linear, so every touch of the path
	wins         map[key]table.Win
	bids         map[bidKey]table.Bid
}

func newWorld(in *Input, found []record) *world {
	w := &world{
		in: in, records: found, routes: map[int64]bool{}, ids: map[string]bool{}, chains: map[string]bool{},
		impressions: map[key]table.Impression{}, clicks: map[key]table.Click{}, conversions: map[key]table.Conversion{},
		attributions: map[key]map[string]table.Attribution{}, wins: map[key]table.Win{}, bids: map[bidKey]table.Bid{},
	}
	for _, r := range found {
		w.routes[int64(r.Route)] = true
		for _, id := range []string{r.id, r.impressionID, r.clickID} {
			if id != "" {
				w.ids[id] = true
			}
		}
		if r.auction != "" {
			w.chains[r.exchange+"\x00"+r.auction] = true
		}
	}
	return w
}

// follow adds the timelines of what a record without a user names, and reports
// whether there are any.
func (w *world) follow() bool {
	userless := false
	for _, r := range w.records {
		userless = userless || r.user == "" && r.kind != event.KindImpression
	}
	if !userless {
		return false
	}
	before := len(w.routes)
	for k := range w.impressions {
		w.routes[k.route] = true
	}
	for k := range w.clicks {
		w.routes[k.route] = true
	}
	return len(w.routes) > before
}

func (w *world) wants(route int64, id string) bool {
	if w.routes[route] {
		return true
	}
	return w.ids[id] || w.ids[baseID(id)]
}

// baseID is a row's key without the suffix of a reuse (D3).
func baseID(id string) string {
	base, _, _ := strings.Cut(id, "@")
	return base
}
