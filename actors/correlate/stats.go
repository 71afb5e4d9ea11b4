package correlate

// Stats is the size of a shard's state and what it has done since it was made.
type Stats struct {
	Live     Live
	Counters Counters
}

// Live counts what the state holds now.
type Live struct {
	Impressions int64 // rows, displaced ones included
	Bids        int64
	Users       int64 // users with an ordinal
	Journeys    int64 // routes with clicks or conversions
	Clicks      int64
	Conversions int64
	Contested   int64 // ids with more than one record
	Bytes       Bytes
}

// Bytes is the memory of the state by kind, as allocated.
type Bytes struct {
	Impressions  int64 // columns
	Bids         int64
	Indexes      int64 // ids and auctions to rows
	Users        int64
	Journeys     int64
	Dictionaries int64
	Reach        int64
	Links        int64 // children without a user, at home or as guests
}

// Total sums the kinds.
func (b Bytes) Total() int64 {
	return b.Impressions + b.Bids + b.Indexes + b.Users + b.Journeys + b.Dictionaries + b.Reach + b.Links
}

// Counters only grow while the shard is in memory.
type Counters struct {
	Streamed    int64 // rows given to the Sink
	Corrections int64 // rows that replaced or deleted an earlier one
	Resolved    int64 // journeys computed
	Evicted     int64 // views dropped by MaxTouchesPerUser
	Recalls     int64
}

// Stats counts what the shard holds. It looks at counters and table sizes, not
// at rows.
func (s *Shard) Stats() Stats {
	columns, indexes := s.imps.bytes()
	live := Live{
		Impressions: int64(s.imps.count),
		Bids:        int64(s.bids.count),
		Users:       int64(s.users.count),
		Journeys:    int64(s.journeys.Len()),
		Clicks:      s.children.clicks,
		Conversions: s.children.conversions,
		Contested:   int64(len(s.contests)),
		Bytes: Bytes{
			Impressions:  columns,
			Bids:         s.bids.bytes(),
			Indexes:      indexes + s.bids.index.Bytes() + s.users.index.Bytes(),
			Users:        s.users.bytes(),
			Journeys:     s.journeys.Bytes(),
			Dictionaries: s.dims.dict.Bytes(),
			Reach:        s.reach.bytes(),
			Links:        s.links.bytes(),
		},
	}
	counters := s.counters
	counters.Corrections = s.rows.Corrections
	return Stats{Live: live, Counters: counters}
}

func (r *reach) bytes() int64 {
	var n int64
	for _, set := range r.sets {
		n += set.users.bytes() + 160 // the set itself and its place in the map
	}
	return n
}
