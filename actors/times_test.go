package actors

import (
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

func TestT3T7_WatermarkAndFrontierOfTheReports(t *testing.T) {
	const now = event.Time(1000)
	read := func(event, ingest event.Time) progress { return progress{maxEventTime: event, lastIngest: ingest} }
	end := func(p progress) progress { p.caughtUp = true; return p }
	idle := func(p progress) progress { p.idle = true; return p }
	for name, c := range map[string]struct {
		partitions    []progress
		low, frontier event.Time
	}{
		"the least of all":                      {[]progress{read(500, 510), read(300, 310)}, 300, 310},
		"an idle one is left out of T3, not T7": {[]progress{read(500, 510), idle(read(300, 310))}, 500, 310},
		"one read to its end is at the clock":   {[]progress{end(read(500, 510)), end(read(300, 310))}, 300, now},
		"a producer's clock ahead of ours":      {[]progress{read(500, 9999)}, 500, now},
		"nothing came yet, but something may":   {[]progress{read(500, 510), read(event.MinTime, event.MinTime)}, event.MinTime, event.MinTime},
		"an empty partition holds nothing back": {[]progress{read(500, 510), end(read(event.MinTime, event.MinTime))}, 500, 510},
		"all are idle: the watermark stays":     {[]progress{idle(end(read(500, 510)))}, event.MinTime, now},
		"no partition says nothing":             {nil, event.MinTime, event.MinTime},
	} {
		r := &stoodStill{progress: map[event.Partition]progress{}}
		for i, p := range c.partitions {
			r.progress[event.Partition{Topic: "t", ID: int32(i)}] = p
		}
		if low, frontier := timesOf(map[string]*stoodStill{"t": r}, now); low != c.low || frontier != c.frontier {
			t.Errorf("%s: %d and %d, want %d and %d", name, low, frontier, c.low, c.frontier)
		}
	}
}
