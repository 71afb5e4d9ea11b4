package sweep

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/bench/sheet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every sweep runs, every point holds events, and every point is told.
func TestEverySweepRuns(t *testing.T) {
	told := 0
	all, err := Run(t.Context(), Config{Seed: 1, Records: 800, Rounds: 1, Dir: t.TempDir(), Tell: func(string, sheet.Point) { told++ }})
	if err != nil {
		t.Fatal(err)
	}
	points := 0
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
		for _, p := range s.Points {
			points++
			if p.Events < 200 || p.WholeNS <= 0 || p.AllocsPerEvent <= 0 {
				t.Errorf("%s at %s: %+v", s.Name, p.Label, p)
			}
		}
	}
	if strings.Join(names, " ") != "live users ctr skew partitions size shards" || told != points {
		t.Errorf("%v, %d of %d told", names, told, points)
	}
	one, err := Run(t.Context(), Config{Records: 400, Rounds: 1, Dir: t.TempDir()}, "skew")
	if err != nil || len(one) != 1 || one[0].Name != "skew" {
		t.Errorf("%+v %v", one, err)
	}
}

func impressions(t *testing.T, n int, mutate func(int, *gen.Record)) (values [][]byte, keys []string) {
	t.Helper()
	g, err := gen.New(gen.Config{Seed: 2, Preset: gen.Dense, Impressions: int64(n)})
	if err != nil {
		t.Fatal(err)
	}
	var rec gen.Record
	for i := 0; g.Next(&rec); {
		if rec.Topic != g.Config().Topics.Impressions {
			continue
		}
		mutate(i, &rec)
		i++
		values, keys = append(values, bytes.Clone(rec.Value)), append(keys, string(rec.Key))
	}
	return values, keys
}

// Half of the records is the hot campaign's, up to those that name none.
func TestHotCampaignHasHalf(t *testing.T) {
	values, _ := impressions(t, 2_000, hotCampaign)
	hot := 0
	for _, v := range values {
		if bytes.Contains(v, []byte(`"cr-000000"`)) {
			hot++
		}
	}
	if share := float64(hot) / float64(len(values)); share < 0.45 || share > 0.60 {
		t.Errorf("the hot campaign has %.2f of the records", share)
	}
}

func TestHotUserHasHalfOfThoseWithAUser(t *testing.T) {
	_, keys := impressions(t, 2_000, hotUser())
	count := map[string]int{}
	most := 0
	for _, k := range keys {
		count[k]++
		if k != "" {
			most = max(most, count[k])
		}
	}
	if share := float64(most) / float64(len(keys)); share < 0.30 || share > 0.55 {
		t.Errorf("the hot user has %.2f of the records", share)
	}
}

func TestPaddingAddsItsBytes(t *testing.T) {
	plain, _ := impressions(t, 200, func(int, *gen.Record) {})
	more, _ := impressions(t, 200, padded(512))
	grown := 0
	for i := range plain {
		if d := len(more[i]) - len(plain[i]); d == 512+len(`"x":"",`) {
			grown++
		}
	}
	if grown < len(plain)*95/100 {
		t.Errorf("%d of %d records have grown", grown, len(plain))
	}
}
