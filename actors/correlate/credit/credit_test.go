package credit_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/advertisex/adjoin/actors/correlate/credit"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/reference"
)

const halfLife = 7 * event.Day

func ppm(m reference.Model, ages ...event.Span) []int64 {
	return credit.Split(nil, credit.PPM, credit.Weights(nil, m, ages, halfLife))
}

func TestA6_GoldenVectors(t *testing.T) {
	d := event.Day
	for _, c := range []struct {
		model reference.Model
		ages  []event.Span
		want  []int64
	}{
		{reference.Linear, []event.Span{3 * d, 2 * d, d}, []int64{333333, 333333, 333334}},
		{reference.PositionBased, []event.Span{5 * d, 4 * d, 3 * d, 2 * d, d}, []int64{400000, 66666, 66667, 66667, 400000}},
		{reference.PositionBased, []event.Span{2 * d, d}, []int64{500000, 500000}},
		{reference.PositionBased, []event.Span{d}, []int64{1000000}},
		{reference.TimeDecay, []event.Span{5 * d, 2 * d, event.Hour}, []int64{251268, 338182, 410550}},
		{reference.TimeDecay, []event.Span{-event.Second}, []int64{1000000}},
		{reference.LastTouch, []event.Span{2 * d, d}, []int64{0, 1000000}},
		{reference.FirstTouch, []event.Span{2 * d, d}, []int64{1000000, 0}},
	} {
		if got := ppm(c.model, c.ages...); !slices.Equal(got, c.want) {
			t.Errorf("%v of %v: %v, want %v", c.model, c.ages, got, c.want)
		}
	}
}

func TestA6_PartsSumToTheTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		ages := make([]event.Span, 1+rng.IntN(200))
		for i := range ages {
			ages[i] = event.Span(rng.Int64N(int64(90 * event.Day)))
		}
		total := rng.Int64N(2e15) - 1e15
		for _, m := range credit.Models() {
			var sum int64
			for _, part := range credit.Split(nil, total, credit.Weights(nil, m, ages, halfLife)) {
				if part != 0 && (part < 0) != (total < 0) {
					t.Fatalf("%v: part %d of %d", m, part, total)
				}
				sum += part
			}
			if sum != total {
				t.Fatalf("%v of %d touches: parts of %d sum to %d", m, len(ages), total, sum)
			}
		}
	}
}

func TestA5_TooOldForTimeDecay(t *testing.T) {
	got := credit.Weights(nil, reference.TimeDecay, []event.Span{3 * event.Hour, 2 * event.Hour}, event.Second)
	if !slices.Equal(got, []int64{0, 1}) {
		t.Errorf("weights %v", got)
	}
}
