package load

import (
	"testing"
	"time"
)

func TestAnEvenPlanIsEven(t *testing.T) {
	p := Plan{Warmup: 2 * time.Second, Duration: 3 * time.Second, From: 100, To: 100}
	if p.WarmupRecords() != 200 || p.Records() != 500 {
		t.Fatal(p.WarmupRecords(), p.Records())
	}
	for k, want := range map[int64]time.Duration{0: 0, 1: 10 * time.Millisecond, 200: 2 * time.Second, 350: 3500 * time.Millisecond} {
		if got := p.At(k); (got - want).Abs() > time.Microsecond {
			t.Errorf("record %d is due at %s, want %s", k, got, want)
		}
	}
}

// From 100/s to 300/s in 10 s: 2,000 records. After 5 s the rate is 200/s and
// (100+200)/2 * 5 = 750 have been due.
func TestARampIsItsIntegral(t *testing.T) {
	p := Plan{Duration: 10 * time.Second, From: 100, To: 300}
	if p.Records() != 2000 {
		t.Fatal(p.Records())
	}
	if at := p.At(750); (at - 5*time.Second).Abs() > time.Microsecond {
		t.Errorf("record 750 is due at %s, want 5s", at)
	}
	if n := p.Due(5 * time.Second); n != 750 {
		t.Errorf("%d due after 5 s, want 750", n)
	}
	down := Plan{Duration: 10 * time.Second, From: 300, To: 100}
	// 300 t - 10 t² = 1250 at t = 5.
	if at := down.At(1250); (at - 5*time.Second).Abs() > time.Microsecond {
		t.Errorf("record 1250 of the falling ramp is due at %s, want 5s", at)
	}
	for k := int64(1); k < p.Records(); k++ {
		if p.At(k) < p.At(k-1) || down.At(k) < down.At(k-1) {
			t.Fatalf("record %d is due before the one before it", k)
		}
	}
}

func TestParseRamp(t *testing.T) {
	from, to, over, err := ParseRamp("50k/s:400k/s:10m")
	if err != nil || from != 50_000 || to != 400_000 || over != 10*time.Minute {
		t.Error(from, to, over, err)
	}
	for _, bad := range []string{"", "50k/s", "50k/s:400k/s", "50k:400k/s:10m", "50k/s:400k/s:10"} {
		if _, _, _, err := ParseRamp(bad); err == nil {
			t.Errorf("%q is a ramp", bad)
		}
	}
}

func TestAPlanOfNothingIsRefused(t *testing.T) {
	for _, p := range []Plan{{}, {Duration: time.Second}, {Duration: time.Second, From: 1}, {From: 1, To: 1}} {
		if p.Check() == nil {
			t.Errorf("%+v is accepted", p)
		}
	}
}
