package config

func outputFields() []Field {
	return []Field{
		{Path: "sink.url", check: checkSinkURL, DefaultNote: "the folder lake inside node.data_dir",
			Doc:  "The folder or bucket for Parquet files: a path, or a URL with file, s3, gs or azblob. Options of the store go behind a question mark; credentials come from the environment of the cloud.",
			bind: func(c *Config, _ int) any { return &c.Sink.URL }},
		{Path: "sink.checkpoint_interval", Default: "5s", Min: "100ms", Max: "1h",
			Doc:  "How often rows and state are made durable together. Shorter is fresher, longer makes fewer and larger files.",
			bind: func(c *Config, _ int) any { return &c.Sink.CheckpointInterval }},
		{Path: "sink.target_file_size", Default: "128MiB", Min: "64KiB", Max: "4GiB",
			Doc:  "A file that has reached this size is closed and another begun, within one cut. It is looked at whenever a row group of 131,072 rows is full, so a file may be larger by one group. Most cuts end long before: a file holds one table and hour of one cut.",
			bind: func(c *Config, _ int) any { return &c.Sink.TargetFileSize }},
		{Path: "sink.partition_by", Default: "dt,hour", Enum: []string{"dt", "hour"},
			Doc:  "The folders under a table: by UTC date and hour, by date alone, or none ([]). Tables that change for weeks (attributions, aggregates, rejects) have no hour in any case.",
			bind: func(c *Config, _ int) any { return &c.Sink.PartitionBy }},
		{Path: "sink.compression", Default: "zstd", Enum: []string{"zstd", "snappy", "none"},
			Doc:  "The compression of the columns inside the files. A reader finds it in the file; it may be changed at any time.",
			bind: func(c *Config, _ int) any { return &c.Sink.Compression }},

		{Path: "load",
			Doc:  "The warehouses that follow the journal and load committed files, each exactly once. [] leaves the files for other loaders.",
			bind: func(c *Config, _ int) any { return &c.Load }},
		{Path: "load[].target", Enum: []string{"duckdb"},
			Doc:  "The kind of warehouse.",
			bind: func(c *Config, i int) any { return &c.Load[i].Target }},
		{Path: "load[].path", DefaultNote: "warehouse.duckdb inside node.data_dir",
			Doc:  "The database file of duckdb. It is created when it is missing.",
			bind: func(c *Config, i int) any { return &c.Load[i].Path }},
		{Path: "load[].schedule", Default: "0s", Min: "0s", Max: "24h",
			Doc:  "How often to load what has been committed since. 0s loads each commit as soon as it is there.",
			bind: func(c *Config, i int) any { return &c.Load[i].Schedule }},
	}
}

func nodeFields() []Field {
	return []Field{
		{Path: "server.listen", Default: "127.0.0.1:8080", check: checkListen,
			Doc:  "The address for health and metrics. 0.0.0.0:8080 opens it to other machines.",
			bind: func(c *Config, _ int) any { return &c.Server.Listen }},
		{Path: "server.admin", Default: "127.0.0.1:8081", check: checkListen,
			Doc:  "The address for administration. It must stay on loopback.",
			bind: func(c *Config, _ int) any { return &c.Server.Admin }},

		{Path: "node.id", DefaultNote: "the host name", check: checkToken,
			Doc:  "The name of this node, unique in the deployment and the same after a restart.",
			bind: func(c *Config, _ int) any { return &c.Node.ID }},
		{Path: "node.data_dir", Default: "adjoin-data",
			Doc:  "The folder for local files: the lake and the warehouse, unless they are put elsewhere. State is not among them, it lives in Kafka.",
			bind: func(c *Config, _ int) any { return &c.Node.DataDir }},
		{Path: "node.drain_timeout", Default: "20s", Min: "1s", Max: "10m",
			Doc:  "The most time for the last commit after SIGTERM. A second signal stops at once, and is safe too.",
			bind: func(c *Config, _ int) any { return &c.Node.DrainTimeout }},

		{Path: "log.level", Default: "info", Enum: []string{"debug", "info", "warn", "error"},
			Doc:  "The least severity to log.",
			bind: func(c *Config, _ int) any { return &c.Log.Level }},
		{Path: "log.format", Default: "auto", Enum: []string{"auto", "text", "json"},
			Doc:  "The form of the log; auto is text on a terminal and JSON otherwise.",
			bind: func(c *Config, _ int) any { return &c.Log.Format }},
	}
}

func limitFields() []Field {
	return []Field{
		{Path: "limits.record_max_bytes", Default: "4MiB", Min: "1KiB", Max: "64MiB",
			Doc:  "A larger record becomes one row in rejected_events.",
			bind: func(c *Config, _ int) any { return &c.Limits.RecordMaxBytes }},
		{Path: "limits.in_flight_bytes", Default: "256MiB", Min: "8MiB", Max: "64GiB",
			Doc:  "The most bytes read and not yet applied, over all shards. Sources wait beyond it.",
			bind: func(c *Config, _ int) any { return &c.Limits.InFlightBytes }},
		{Path: "limits.nesting_max", Default: "64", Min: "4", Max: "1000",
			Doc:  "The deepest nesting of a JSON record.",
			bind: func(c *Config, _ int) any { return &c.Limits.NestingMax }},
		{Path: "limits.fields_max", Default: "4096", Min: "16", Max: "1000000",
			Doc:  "The most fields of one record, and the most cells of one CSV line.",
			bind: func(c *Config, _ int) any { return &c.Limits.FieldsMax }},
	}
}
