// Package campaign says what a campaign did: the pure state of one campaign
// shard, exact minute aggregates and exact daily reach.
//
// A campaign shard is a follower of the journal. Every valid commit carries
// the Deltas its user shards made; the shard folds them in journal order and
// its whole position is one journal offset, so its figures are exact after any
// restart. Full values of the groups a cut touched go out as rows (semantics
// X3), which makes loading them twice harmless.
//
//	s := campaign.New(campaign.Config{Shard: 3, Shards: 8, Reference: set})
//	s.Begin(cut, now)
//	s.Fold(deltas)             // of one commit, in journal order
//	s.Advance(watermark, frontier) // closes buckets (X4), forgets them (T7)
//	out := s.Cut()             // rows of agg_campaign_minute and agg_campaign_day
//	bytes := s.Segment(false)  // what changed since the last Segment
//
// Nothing here has a goroutine, a clock, I/O or a log. A Shard belongs to one
// goroutine.
package campaign
