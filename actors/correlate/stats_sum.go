package correlate

// Plus is the sum of two shards' stats.
func (s Stats) Plus(t Stats) Stats {
	return Stats{Live: s.Live.plus(t.Live), Counters: s.Counters.plus(t.Counters)}
}

func (l Live) plus(m Live) Live {
	return Live{
		Impressions: l.Impressions + m.Impressions,
		Bids:        l.Bids + m.Bids,
		Users:       l.Users + m.Users,
		Journeys:    l.Journeys + m.Journeys,
		Clicks:      l.Clicks + m.Clicks,
		Conversions: l.Conversions + m.Conversions,
		Contested:   l.Contested + m.Contested,
		Bytes:       l.Bytes.plus(m.Bytes),
	}
}

func (b Bytes) plus(c Bytes) Bytes {
	return Bytes{
		Impressions:  b.Impressions + c.Impressions,
		Bids:         b.Bids + c.Bids,
		Indexes:      b.Indexes + c.Indexes,
		Users:        b.Users + c.Users,
		Journeys:     b.Journeys + c.Journeys,
		Dictionaries: b.Dictionaries + c.Dictionaries,
		Reach:        b.Reach + c.Reach,
	}
}

func (c Counters) plus(d Counters) Counters {
	return Counters{
		Streamed:    c.Streamed + d.Streamed,
		Corrections: c.Corrections + d.Corrections,
		Resolved:    c.Resolved + d.Resolved,
		Evicted:     c.Evicted + d.Evicted,
		Recalls:     c.Recalls + d.Recalls,
	}
}
