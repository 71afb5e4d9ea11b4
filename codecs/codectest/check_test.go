package codectest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/codectest"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/event"
)

// tester collects failures in place of a test.
type tester struct {
	testing.TB
	failures []string
}

func (t *tester) Helper() {}

func (t *tester) Errorf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

func (t *tester) Error(args ...any) { t.failures = append(t.failures, fmt.Sprint(args...)) }

// spoiled is a decoder that is right but for what spoil does to its calls.
type spoiled struct {
	codecs.Decoder
	spoil func(h codecs.Handler, e *event.Impression, r *event.Rejected)
}

func (d *spoiled) Decode(rec *codecs.Record, h codecs.Handler) {
	d.Decoder.Decode(rec, &between{h, d.spoil})
}

type between struct {
	codecs.Handler
	spoil func(codecs.Handler, *event.Impression, *event.Rejected)
}

func (b *between) Impression(e *event.Impression) { b.spoil(b.Handler, e, nil) }
func (b *between) Reject(e *event.Rejected)       { b.spoil(b.Handler, nil, e) }

const (
	good = `{"creative_id":"cr-1","timestamp":1763892000,"user_id":"alice"}`
	bad  = `{"creative_id":"cr-1","timestamp":"soon","user_id":"alice"}`
)

func TestTheKitSeesWhatIsWrong(t *testing.T) {
	impression := func(change func(*event.Impression)) func(codecs.Handler, *event.Impression, *event.Rejected) {
		return func(h codecs.Handler, e *event.Impression, _ *event.Rejected) {
			if e != nil {
				change(e)
				h.Impression(e)
			}
		}
	}
	reject := func(change func(*event.Rejected)) func(codecs.Handler, *event.Impression, *event.Rejected) {
		return func(h codecs.Handler, _ *event.Impression, r *event.Rejected) {
			if r != nil {
				change(r)
				h.Reject(r)
			}
		}
	}
	calls := 0
	for name, test := range map[string]struct {
		value string
		spoil func(codecs.Handler, *event.Impression, *event.Rejected)
		want  string
	}{
		"silence":  {good, func(codecs.Handler, *event.Impression, *event.Rejected) {}, "yields no call"},
		"line":     {good, impression(func(e *event.Impression) { e.Line = 1 }), "is at"},
		"offset":   {good, impression(func(e *event.Impression) { e.Offset++ }), "is at"},
		"ingest":   {good, impression(func(e *event.Impression) { e.Ingest++ }), "ingest"},
		"route":    {good, impression(func(e *event.Impression) { e.Route++ }), "route"},
		"print":    {good, impression(func(e *event.Impression) { e.Print = event.Fingerprint{} }), "fingerprint"},
		"no id":    {good, impression(func(e *event.Impression) { e.ID = "" }), "without impression_id"},
		"sentinel": {good, impression(func(e *event.Impression) { e.CampaignID = "-1" }), "not a normalised id"},
		"currency": {good, impression(func(e *event.Impression) { e.Currency = "usd" }), "currency"},
		"encoding": {good, impression(func(e *event.Impression) { e.OS = "\xff" }), "UTF-8"},
		"memory":   {good, impression(func(e *event.Impression) { calls++; e.Region = fmt.Sprint(calls) }), "other events"},
		"reason":   {bad, reject(func(e *event.Rejected) { e.Reason = event.TooLate }), "none of a decoder's"},
		"raw":      {bad, reject(func(e *event.Rejected) { e.Raw = []byte("alice") }), "not masked"},
		"detail":   {bad, reject(func(e *event.Rejected) { e.Detail = "" }), "detail"},
		"intended": {bad, reject(func(e *event.Rejected) { e.Intended = event.NoKind }), "intended"},
	} {
		fake := new(tester)
		codectest.Check(fake, &spoiled{jsonimp.New(codecs.Config{}), test.spoil}, []byte(test.value))
		if !strings.Contains(strings.Join(fake.failures, "\n"), test.want) {
			t.Errorf("%s: %q, want %q", name, fake.failures, test.want)
		}
	}
	for _, value := range []string{good, bad} {
		fake := new(tester)
		if codectest.Check(fake, jsonimp.New(codecs.Config{}), []byte(value)); len(fake.failures) > 0 {
			t.Errorf("a right decoder fails: %q", fake.failures)
		}
	}
}
