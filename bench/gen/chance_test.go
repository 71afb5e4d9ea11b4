package gen

import (
	"math"
	"testing"
	"time"

	"github.com/twmb/avro"
)

func TestQuantiles_KeepMedianAndTail(t *testing.T) {
	web := lognormal(800, 1.558, 120*second)
	r := random{7}
	below, tail, n := 0, 0, 200_000
	for range n {
		switch v := web.draw(&r); {
		case v <= 800:
			below++
		case v > 30_000:
			tail++
		}
	}
	if share := float64(below) / float64(n); math.Abs(share-0.5) > 0.006 {
		t.Errorf("median: %.4f below 800 ms", share)
	}
	if share := float64(tail) / float64(n); math.Abs(share-0.01) > 0.0015 {
		t.Errorf("p99: %.4f above 30 s", share)
	}
	for i := 1; i < len(web); i++ {
		if web[i] < web[i-1] {
			t.Fatalf("not ascending at %d", i)
		}
	}
}

// Criteo-like lag: 35% of orders inside an hour, 49% in a day, 89% in a week.
func TestDelays_OrdersFollowTheKnownCurve(t *testing.T) {
	d := newDelays(Natural)
	r := random{8}
	var inHour, inDay, inWeek int
	const n = 100_000
	for range n {
		q := d.orderLate
		if r.below(100) < 35 {
			q = d.orderSoon
		}
		v := q.draw(&r)
		if v <= hour {
			inHour++
		}
		if v <= day {
			inDay++
		}
		if v <= 7*day {
			inWeek++
		}
	}
	for _, c := range []struct {
		got  int
		want float64
	}{{inHour, 0.35}, {inDay, 0.49}, {inWeek, 0.89}} {
		if got := float64(c.got) / n; math.Abs(got-c.want) > 0.02 {
			t.Errorf("%.3f, want %.2f", got, c.want)
		}
	}
}

func TestZipf_FollowsThePowerLaw(t *testing.T) {
	z := newZipf(1000, 1.1, 2)
	r := random{9}
	var first, tenth, n = 0, 0, 400_000
	for range n {
		switch z.draw(&r) {
		case 0:
			first++
		case 10:
			tenth++
		}
	}
	// Weight of rank k is the integral of (x+2)^-1.1 from k to k+1.
	weight := func(k float64) float64 { return math.Pow(k+2, -0.1) - math.Pow(k+3, -0.1) }
	want := weight(0) / weight(10)
	if got := float64(first) / float64(tenth); math.Abs(got-want) > 0.1*want {
		t.Errorf("rank 0 is %.2f times rank 10, want %.2f", got, want)
	}
}

func TestActivity_PeaksAtEightInTheEvening(t *testing.T) {
	thursday := int64(0) // 1970-01-01
	if a := activity(thursday + 20*hour); a != 5000 {
		t.Errorf("20:00 %d", a)
	}
	if a := activity(thursday + 4*hour); a != 1000 {
		t.Errorf("04:00 %d", a)
	}
	if a := activity(thursday + 2*day + 20*hour); a != 4500 {
		t.Errorf("Saturday 20:00 %d", a)
	}
}

func TestAppendTime_AgreesWithTheLibrary(t *testing.T) {
	r := random{10}
	for range 20_000 {
		ms := int64(r.below(1<<32)) * 1000 * int64(1-2*int(r.below(2)))
		ms += int64(r.below(1000))
		at := time.UnixMilli(ms).UTC()
		if got, want := string(appendTime(nil, ms, zulu)), at.Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Fatalf("%d: %s, want %s", ms, got, want)
		}
		india := at.In(time.FixedZone("", 330*60))
		if got, want := string(appendTime(nil, ms, kolkata)), india.Format("2006-01-02T15:04:05.000Z07:00"); got != want {
			t.Fatalf("%d: %s, want %s", ms, got, want)
		}
	}
}

// The values of Kafka's own test of its partitioner.
func TestMurmur2_IsKafkas(t *testing.T) {
	for text, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(text))); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestSchema_FingerprintIsTheLibrarys(t *testing.T) {
	s := avro.MustParse(Schema)
	sum := s.Fingerprint(avro.NewRabin())
	var got uint64
	for _, b := range sum {
		got = got<<8 | uint64(b)
	}
	if got != Fingerprint {
		t.Errorf("%016x, want %016x", got, uint64(Fingerprint))
	}
}

func TestAppendMicros(t *testing.T) {
	for want, c := range map[string][2]int64{
		"0.6123": {612_300, 4}, "12.30": {12_300_000, 2}, "-3.50": {-3_500_000, 2}, "0.000001": {1, 6},
	} {
		if got := string(appendMicros(nil, c[0], int(c[1]))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSchedule_GivesItemsInOrder(t *testing.T) {
	var s schedule
	r := random{11}
	var last, given int64
	var it item
	for i := range 50_000 {
		s.push(&item{at: last + int64(r.below(1000)), seed: uint64(i)})
		if r.below(3) == 0 {
			s.pop(&it)
			if it.at < last {
				t.Fatalf("%d after %d", it.at, last)
			}
			last = it.at
			given++
		}
	}
	for len(s.heap) > 0 {
		s.pop(&it)
		if it.at < last {
			t.Fatalf("%d after %d", it.at, last)
		}
		last = it.at
		given++
	}
	if given != 50_000 {
		t.Errorf("%d items came back", given)
	}
}
