// Package load sends records by a schedule and measures how long each takes,
// whatever the target does meanwhile.
//
// The model is open: record k is due at Plan.At(k), and its latency counts from
// that moment. A target that stalls makes what becomes due meanwhile late, and
// all of it is measured (no coordinated omission). Drive sends, a Tracker keeps
// what is under way and two histograms: from the schedule to joined in memory,
// and to the committed row.
//
//	plan := load.Plan{Warmup: 5 * time.Second, Duration: time.Minute, From: 50e3, To: 50e3}
//	t := load.NewTracker(plan, starts)
//	sent, err := load.Drive(ctx, load.Config{Plan: plan, Next: next, To: producer, Tracker: t})
//
// The generator may be what is slow. Drive tells its own lateness from the
// target's: a record is late by the generator when the generator came to it
// late without having been held up by the target before (Sent.Saturated).
package load
