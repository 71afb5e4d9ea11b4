package config

import "slices"

// The rows of the field table. One function for each group keeps a group on a
// screen; the order here is the order of the reference page.

// sections lists the maps. Their order is the order of the fields below.
func sections() []Section {
	return []Section{
		{"kafka", "Where events come from, and where the journal and the state live."},
		{"kafka.tls", "Encryption of the connections to Kafka. TLS 1.2 or later, the host name is always checked."},
		{"kafka.sasl", "Login to Kafka. Needs kafka.tls unless the brokers are on this machine or kafka.insecure is true."},
		{"kafka.topics", "The input topics, by what they hold. Each is one name or a list of names; an empty name switches that input off."},
		{"kafka.fetch", "The fetch loop of the sources."},
		{"kafka.timeout", "How long a broker may take to answer."},
		{"decode", "How the bytes of a record become events."},
		{"decode.csv", "Clicks and conversions in CSV."},
		{"decode.avro", "Bid requests in Avro."},
		{"decode.avro.registry", "A schema registry for Avro records that name their schema by number."},
		{"correlate", "The rules of the data. A change here can change results, for events that arrive after it."},
		{"correlate.windows", "How far apart a parent and its child may be in event time, both ends inclusive. A campaign may override each in the reference data."},
		{"correlate.horizons", "How late an event may arrive after its event time. Beyond it the record is rejected as TOO_LATE."},
		{"correlate.join_lateness", "How late a child may arrive and still take the join. Beyond it the child stands alone, flagged LATE_FOR_JOIN. A conversion and its clicks have the horizon of conversions. These spans decide how long state is held."},
		{"correlate.conflict_horizons", "How long an id belongs to its first record. A record with the same id beyond it starts a new fact, flagged ID_REUSED."},
		{"correlate.attribution", "Who gets the credit for a conversion. All models are computed side by side."},
		{"correlate.user_key", "The keyed hash that stands for a user id in every output; raw user ids never leave the node."},
		{"reference", "Reference data: JSON files, read when a node starts."},
		{"state", "The memory that joins need."},
		{"sink", "Where rows go as Parquet files."},
		{"server", "The HTTP listeners. Both are on loopback unless set otherwise."},
		{"node", "This process."},
		{"log", "The log on standard error."},
		{"limits", "Bounds that keep one bad record or one slow neighbour from taking the node down."},
	}
}

// fields is the whole table.
func fields() []Field {
	return slices.Concat(
		kafkaFields(), kafkaSecurityFields(), kafkaTopicFields(), kafkaFetchFields(),
		decodeFields(),
		correlateFields(), horizonFields(), attributionFields(), stateFields(),
		outputFields(), nodeFields(), limitFields(),
	)
}

func kafkaFields() []Field {
	return []Field{
		{Path: "config_version", Default: "1", Min: "1", Max: "1",
			Doc:  "The version of the configuration format.",
			bind: func(c *Config, _ int) any { return &c.ConfigVersion }},

		{Path: "kafka.brokers", check: checkHostPort,
			Doc:  "The brokers to ask first, as host:port. One is enough; two or three survive the loss of one.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Brokers }},
		{Path: "kafka.client_id", Default: "adjoin", check: checkToken,
			Doc:  "The name in the broker's logs and quotas.",
			bind: func(c *Config, _ int) any { return &c.Kafka.ClientID }},
		{Path: "kafka.insecure", Default: "false",
			Doc:  "Allows clear text, passwords included, to brokers on other machines. Without it such a configuration is refused.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Insecure }},
	}
}

func kafkaSecurityFields() []Field {
	return []Field{
		{Path: "kafka.tls.enabled", Default: "false",
			Doc:  "Speaks TLS to the brokers. Required for brokers on other machines unless kafka.insecure is true.",
			bind: func(c *Config, _ int) any { return &c.Kafka.TLS.Enabled }},
		{Path: "kafka.tls.ca_file", MustExist: true,
			Doc: "The certificate authority of the brokers, in PEM.", DefaultNote: "the system's certificates",
			bind: func(c *Config, _ int) any { return &c.Kafka.TLS.CAFile }},
		{Path: "kafka.tls.cert_file", MustExist: true,
			Doc:  "The client certificate, in PEM, for brokers that ask for one. Needs kafka.tls.key_file.",
			bind: func(c *Config, _ int) any { return &c.Kafka.TLS.CertFile }},
		{Path: "kafka.tls.key_file", MustExist: true,
			Doc:  "The key of the client certificate, in PEM.",
			bind: func(c *Config, _ int) any { return &c.Kafka.TLS.KeyFile }},
		{Path: "kafka.tls.server_name", check: checkHost,
			Doc: "The name that the brokers' certificates must carry.", DefaultNote: "the host of each broker",
			bind: func(c *Config, _ int) any { return &c.Kafka.TLS.ServerName }},

		{Path: "kafka.sasl.mechanism", Enum: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"},
			Doc:  "How to log in. Empty means no login.",
			bind: func(c *Config, _ int) any { return &c.Kafka.SASL.Mechanism }},
		{Path: "kafka.sasl.username",
			Doc:  "The user name, for PLAIN and SCRAM.",
			bind: func(c *Config, _ int) any { return &c.Kafka.SASL.Username }},
		{Path: "kafka.sasl.password",
			Doc:  "The password, for PLAIN and SCRAM. Prefer kafka.sasl.password_file: a flag or an environment variable can be read by other processes.",
			bind: func(c *Config, _ int) any { return &c.Kafka.SASL.Password }},
		{Path: "kafka.sasl.password_file", MustExist: true,
			Doc:  "A file that holds the password; a line break at its end is ignored. It is read at each login, so the password may change while the node runs.",
			bind: func(c *Config, _ int) any { return &c.Kafka.SASL.PasswordFile }},
		{Path: "kafka.sasl.token_file", MustExist: true,
			Doc:  "A file that holds the token, for OAUTHBEARER. It is read again for each token.",
			bind: func(c *Config, _ int) any { return &c.Kafka.SASL.TokenFile }},
	}
}

func kafkaTopicFields() []Field {
	return []Field{
		{Path: "kafka.topics.bids", Default: "bid_requests", check: checkTopic,
			Doc:  "Bid requests and our bids, in Avro.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Topics.Bids }},
		{Path: "kafka.topics.impressions", Default: "ad_impressions", check: checkTopic,
			Doc:  "Impressions, in JSON.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Topics.Impressions }},
		{Path: "kafka.topics.clicks", Default: "clicks", check: checkTopic,
			Doc:  "Clicks, in CSV.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Topics.Clicks }},
		{Path: "kafka.topics.conversions", Default: "conversions", check: checkTopic,
			Doc:  "Conversions, in CSV.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Topics.Conversions }},
		{Path: "kafka.topics.clicks_conversions", check: checkTopic,
			Doc:  "Clicks and conversions together in one CSV, told apart by conversion_type: the value \"click\" is a click.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Topics.ClicksConversions }},

		{Path: "kafka.journal", Default: "adjoin.journal", check: checkTopic,
			Doc:  "The topic of the journal: one partition that decides who owns a shard and what is durable.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Journal }},
		{Path: "kafka.segments", Default: "adjoin.segments", check: checkTopic,
			Doc:  "The compacted topic of state segments.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Segments }},
		{Path: "kafka.links", Default: "adjoin.links", check: checkTopic,
			Doc:  "The topic on which one user's timeline lends facts to another. adjoin topics create makes it and adjoin check kafka looks at it; a node does not use it yet.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Links }},
		{Path: "kafka.start", Default: "earliest",
			Doc:  "Where to begin in a partition that the journal has no position for. A position in the journal always wins.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Start }},
		{Path: "kafka.backfill", check: checkTopic,
			Doc:  "Input topics that carry old events on purpose. Their records are never TOO_LATE.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Backfill }},
	}
}

func kafkaFetchFields() []Field {
	return []Field{
		{Path: "kafka.fetch.max_bytes_partition", Default: "4MiB", Min: "16KiB", Max: "256MiB",
			Doc:  "The most bytes to take from one partition in one request. A broker sends at least one record batch, even a larger one.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Fetch.MaxBytesPartition }},
		{Path: "kafka.fetch.max_wait", Default: "500ms", Min: "1ms", Max: "30s",
			Doc:  "How long a broker may hold a request when there is nothing new.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Fetch.MaxWait }},
		{Path: "kafka.fetch.connections", Default: "2", Min: "1", Max: "16",
			Doc:  "Connections to each broker for fetching. A connection serves one request at a time.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Fetch.Connections }},
		{Path: "kafka.timeout.dial", Default: "2s", Min: "10ms", Max: "2m",
			Doc:  "The most time to open a connection, TLS and login included.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Timeout.Dial }},
		{Path: "kafka.timeout.request", Default: "5s", Min: "100ms", Max: "5m",
			Doc:  "The most time for the answer to one request. It must be longer than kafka.fetch.max_wait.",
			bind: func(c *Config, _ int) any { return &c.Kafka.Timeout.Request }},
	}
}

func decodeFields() []Field {
	return []Field{
		{Path: "decode.zone", Default: "UTC",
			Doc:  "The time zone of timestamps that carry none, such as 2026-03-29 10:00:00.",
			bind: func(c *Config, _ int) any { return &c.Decode.Zone }},
		{Path: "decode.id_mode", Default: "fingerprint", Enum: []string{"fingerprint", "offset"},
			Doc:  "The id of a record that has none: fingerprint makes equal records duplicates of each other, offset makes every record a fact of its own.",
			bind: func(c *Config, _ int) any { return &c.Decode.IDMode }},
		{Path: "decode.currency", Default: "USD", check: checkCurrency,
			Doc:  "The currency of money that names none, in ISO 4217; such rows are flagged CUR_DEFAULTED.",
			bind: func(c *Config, _ int) any { return &c.Decode.Currency }},
		{Path: "decode.csv.delimiter", Default: ",",
			Doc:  "What separates two cells.",
			bind: func(c *Config, _ int) any { return &c.Decode.CSV.Delimiter }},
		{Path: "decode.csv.clicks_columns", Default: "event_timestamp,user_id,campaign_id", check: checkColumn(clickColumns),
			Doc:  "The columns of a record without a header line, on the topics of clicks.",
			bind: func(c *Config, _ int) any { return &c.Decode.CSV.ClicksColumns }},
		{Path: "decode.csv.conversions_columns", Default: "event_timestamp,user_id,campaign_id,conversion_type", check: checkColumn(conversionColumns),
			Doc:  "The columns of a record without a header line, on the topics of conversions.",
			bind: func(c *Config, _ int) any { return &c.Decode.CSV.ConversionsColumns }},
		{Path: "decode.csv.combined_columns", Default: "event_timestamp,user_id,campaign_id,conversion_type", check: checkColumn(clickColumns, conversionColumns),
			Doc:  "The columns of a record without a header line, on the topics of clicks and conversions together.",
			bind: func(c *Config, _ int) any { return &c.Decode.CSV.CombinedColumns }},
		{Path: "decode.avro.schema_file", MustExist: true, DefaultNote: "the schema of docs/events",
			Doc:  "The schema that bare Avro records were written with, as JSON. Records that carry or name their own schema do not need it.",
			bind: func(c *Config, _ int) any { return &c.Decode.Avro.SchemaFile }},
		{Path: "decode.avro.registry.url", check: checkURL("http", "https"),
			Doc:  "The address of the registry.",
			bind: func(c *Config, _ int) any { return &c.Decode.Avro.Registry.URL }},
		{Path: "decode.avro.registry.username",
			Doc:  "The user name of the registry.",
			bind: func(c *Config, _ int) any { return &c.Decode.Avro.Registry.Username }},
		{Path: "decode.avro.registry.password",
			Doc:  "The password of the registry. Prefer decode.avro.registry.password_file.",
			bind: func(c *Config, _ int) any { return &c.Decode.Avro.Registry.Password }},
		{Path: "decode.avro.registry.password_file", MustExist: true,
			Doc:  "A file that holds the password of the registry.",
			bind: func(c *Config, _ int) any { return &c.Decode.Avro.Registry.PasswordFile }},
	}
}
