package oracle

import (
	"fmt"
	"testing"
)

const week = 7 * 86_400

func TestA6_GoldenVectors(t *testing.T) {
	for _, c := range []struct {
		model string
		ages  []int64
		want  string
	}{
		{"linear", []int64{3, 2, 1}, "[333333 333333 333334]"},
		{"position_based", []int64{5, 4, 3, 2, 1}, "[400000 66666 66667 66667 400000]"},
		{"time_decay", []int64{5 * 86_400, 2 * 86_400, 3600}, "[251268 338182 410550]"},
		{"last_touch", []int64{3, 2, 1}, "[0 0 1000000]"},
		{"first_touch", []int64{3, 2, 1}, "[1000000 0 0]"},
		{"position_based", []int64{1}, "[1000000]"},
		{"position_based", []int64{2, 1}, "[500000 500000]"},
		{"position_based", []int64{3, 2, 1}, "[400000 200000 400000]"},
	} {
		same(t, c.model, fmt.Sprint(split(1_000_000, weights(c.model, c.ages, week))), c.want)
	}
}

func TestA6_ValueIsSplitFromTheWeights(t *testing.T) {
	w := weights("linear", []int64{3, 2, 1}, week)
	same(t, "10", fmt.Sprint(split(10, w)), "[3 3 4]")
	same(t, "-10", fmt.Sprint(split(-10, w)), "[-3 -3 -4]")
	same(t, "0", fmt.Sprint(split(0, w)), "[0 0 0]")
	// 11 = 3 + 3 + 3 and two left, which go to the two latest.
	same(t, "11", fmt.Sprint(split(11, w)), "[3 4 4]")
}

func TestA5_TimeDecayWeights(t *testing.T) {
	same(t, "now", decay(0, week).Int64(), 1<<40)
	same(t, "future", decay(-5, week).Int64(), 1<<40)
	same(t, "one half-life", decay(week, week).Int64(), 1<<39)
	same(t, "39 half-lives", decay(39*week, week).Int64(), 2)
	same(t, "90 half-lives", decay(90*week, week).Int64(), 1)
	// 2^40 / sqrt(2) = 777472127993.98...
	same(t, "half a half-life", decay(week/2, week).Int64(), 777472127994)
}
