package config

func correlateFields() []Field {
	return []Field{
		{Path: "correlate.shards", Default: "64", Min: "1", Max: "4096",
			Doc:  "How many user shards there are. Fixed for the life of a deployment: it is part of the storage format. More than the most nodes you will ever run.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Shards }},
		{Path: "correlate.campaign_shards", Default: "8", Min: "1", Max: "1024",
			Doc:  "How many campaign shards there are.",
			bind: func(c *Config, _ int) any { return &c.Correlate.CampaignShards }},

		{Path: "correlate.windows.bid_join_web", Default: "10m", Min: "1s", Max: "7d",
			Doc:  "From a bid to its impression on a website.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Windows.BidJoinWeb }},
		{Path: "correlate.windows.bid_join_app", Default: "1h", Min: "1s", Max: "7d",
			Doc:  "From a bid to its impression in an app.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Windows.BidJoinApp }},
		{Path: "correlate.windows.click_join", Default: "24h", Min: "1s", Max: "30d", Aliases: []string{"impression_to_click"},
			Doc:  "From an impression to a click on it. It bounds joins by id as well as joins by user.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Windows.ClickJoin }},
		{Path: "correlate.windows.click_through", Default: "30d", Min: "0s", Max: "90d", Aliases: []string{"click_to_conversion"},
			Doc:  "From a click to a conversion that it earns credit for. 0s gives clicks no credit.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Windows.ClickThrough }},
		{Path: "correlate.windows.view_through", Default: "24h", Min: "0s", Max: "30d", Aliases: []string{"impression_to_conversion"},
			Doc:  "From an impression without a click to a conversion that it earns credit for. 0s gives views no credit.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Windows.ViewThrough }},
		{Path: "correlate.windows.click_refractory", Default: "30s", Min: "0s", Max: "24h",
			Doc:  "A click of the same user on the same creative that follows an accepted one sooner than this is a REPEAT_CLICK.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Windows.ClickRefractory }},

		{Path: "correlate.orphan_hold", Default: "15m", Min: "0s", Max: "24h",
			Doc:  "How long a child waits for its parent, in watermark time, before it is written as an orphan. A parent that comes later corrects the row.",
			bind: func(c *Config, _ int) any { return &c.Correlate.OrphanHold }},
		{Path: "correlate.watermark_delay", Default: "10m", Min: "0s", Max: "24h", Aliases: []string{"allowed_lateness"},
			Doc:  "How far the watermark stays behind the newest event, and the lateness from which an event counts as late.",
			bind: func(c *Config, _ int) any { return &c.Correlate.WatermarkDelay }},
		{Path: "correlate.idle_timeout", Default: "1m", Min: "1s", Max: "24h",
			Doc:  "A partition without a record for this long no longer holds the watermark back.",
			bind: func(c *Config, _ int) any { return &c.Correlate.IdleTimeout }},
	}
}

func horizonFields() []Field {
	return []Field{
		{Path: "correlate.horizons.bids", Default: "2h", Min: "1m", Max: "90d",
			Doc:  "For bids.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Horizons.Bids }},
		{Path: "correlate.horizons.impressions", Default: "48h", Min: "1m", Max: "90d",
			Doc:  "For impressions.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Horizons.Impressions }},
		{Path: "correlate.horizons.clicks", Default: "48h", Min: "1m", Max: "90d",
			Doc:  "For clicks.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Horizons.Clicks }},
		{Path: "correlate.horizons.conversions", Default: "35d", Min: "1m", Max: "365d",
			Doc:  "For conversions. On a topic of kafka.backfill, where nothing is rejected for its age, a conversion later than this gets no credit from clicks.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Horizons.Conversions }},

		{Path: "correlate.join_lateness.bid_impression", Default: "2h", Min: "1m", Max: "90d",
			Doc:  "For an impression and its bid.",
			bind: func(c *Config, _ int) any { return &c.Correlate.JoinLateness.BidImpression }},
		{Path: "correlate.join_lateness.impression_click", Default: "48h", Min: "1m", Max: "90d",
			Doc:  "For a click and its impression.",
			bind: func(c *Config, _ int) any { return &c.Correlate.JoinLateness.ImpressionClick }},
		{Path: "correlate.join_lateness.view_conversion", Default: "48h", Min: "1m", Max: "90d",
			Doc:  "For a conversion and its views.",
			bind: func(c *Config, _ int) any { return &c.Correlate.JoinLateness.ViewConversion }},

		{Path: "correlate.conflict_horizons.bids", Default: "1h", Min: "1m", Max: "90d",
			Doc:  "For bids.",
			bind: func(c *Config, _ int) any { return &c.Correlate.ConflictHorizons.Bids }},
		{Path: "correlate.conflict_horizons.impressions", Default: "24h", Min: "1m", Max: "90d",
			Doc:  "For impressions.",
			bind: func(c *Config, _ int) any { return &c.Correlate.ConflictHorizons.Impressions }},
		{Path: "correlate.conflict_horizons.clicks", Default: "24h", Min: "1m", Max: "90d",
			Doc:  "For clicks.",
			bind: func(c *Config, _ int) any { return &c.Correlate.ConflictHorizons.Clicks }},
		{Path: "correlate.conflict_horizons.conversions", Default: "90d", Min: "1m", Max: "365d",
			Doc:  "For conversions.",
			bind: func(c *Config, _ int) any { return &c.Correlate.ConflictHorizons.Conversions }},
	}
}

func attributionFields() []Field {
	return []Field{
		{Path: "correlate.attribution.half_life", Default: "7d", Min: "1s", Max: "365d",
			Doc:  "The half-life of the time-decay model.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Attribution.HalfLife }},
		{Path: "correlate.attribution.scope", Default: "advertiser", Enum: []string{"advertiser", "campaign", "account"},
			Doc:  "Whose touchpoints compete for a conversion: those of the conversion's advertiser, of its campaign, or all. Where a campaign's advertiser is not known, advertiser means campaign.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Attribution.Scope }},
		{Path: "correlate.attribution.path_set", Default: "clicks_else_views", Enum: []string{"clicks_else_views", "clicks_and_views"},
			Doc:  "Which touchpoints share the credit: the clicks, and views only where there is no click; or clicks and views together.",
			bind: func(c *Config, _ int) any { return &c.Correlate.Attribution.PathSet }},
		{Path: "correlate.max_clicks_per_impression", Default: "0", Min: "0", Max: "1000",
			Doc:  "Clicks beyond this many on one impression are marked CLICK_CAP. 0 means no cap.",
			bind: func(c *Config, _ int) any { return &c.Correlate.MaxClicksPerImpression }},
		{Path: "correlate.max_touches_per_path", Default: "200", Min: "2", Max: "10000",
			Doc:  "The longest path of a conversion: the first touchpoint and the last of the others are kept, and the row is flagged PATH_TRUNCATED.",
			bind: func(c *Config, _ int) any { return &c.Correlate.MaxTouchesPerPath }},
		{Path: "correlate.max_live_touches_per_user", Default: "2000", Min: "10", Max: "1000000",
			Doc:  "The most touchpoints held for one user; the oldest views go first and are counted. It protects against robots.",
			bind: func(c *Config, _ int) any { return &c.Correlate.MaxLiveTouchesPerUser }},

		{Path: "correlate.user_key.secret",
			Doc:  "The key of the hash. Prefer correlate.user_key.secret_file.",
			bind: func(c *Config, _ int) any { return &c.Correlate.UserKey.Secret }},
		{Path: "correlate.user_key.secret_file", MustExist: true,
			Doc:  "A file that holds the key of the hash; a line break at its end is ignored.",
			bind: func(c *Config, _ int) any { return &c.Correlate.UserKey.SecretFile }},
		{Path: "correlate.user_key.id", Default: "k1", check: checkToken,
			Doc:  "The name of the key, stored beside each hash. Change it whenever the key changes.",
			bind: func(c *Config, _ int) any { return &c.Correlate.UserKey.ID }},
	}
}

func stateFields() []Field {
	return []Field{
		{Path: "reference.campaigns", MustExist: true,
			Doc:  "Campaigns: a JSON array with the fields of the table dim_campaign.",
			bind: func(c *Config, _ int) any { return &c.Reference.Campaigns }},
		{Path: "reference.creatives", MustExist: true,
			Doc:  "Creatives: a JSON array with the fields of the table dim_creative.",
			bind: func(c *Config, _ int) any { return &c.Reference.Creatives }},
		{Path: "reference.fx", MustExist: true,
			Doc:  "Exchange rates by UTC date: a JSON array with the fields date, from, to, rate and version.",
			bind: func(c *Config, _ int) any { return &c.Reference.FX }},
		{Path: "reference.reporting_currency", Default: "USD", check: checkCurrency,
			Doc:  "The currency of the columns spend_rc_micros and value_ct_rc_micros of the aggregates.",
			bind: func(c *Config, _ int) any { return &c.Reference.ReportingCurrency }},

		{Path: "state.memory_limit", Default: "2GiB", Min: "64MiB", Max: "16TiB",
			Doc:  "The most memory for the state of this node. At 90% of it the sources slow down.",
			bind: func(c *Config, _ int) any { return &c.State.MemoryLimit }},
		{Path: "state.when_full", Default: "backpressure", Enum: []string{"backpressure"},
			Doc:  "What happens at the limit. There is one answer: backpressure reads more slowly and says so, and nothing is dropped. The key is there to be read by people.",
			bind: func(c *Config, _ int) any { return &c.State.WhenFull }},
	}
}
