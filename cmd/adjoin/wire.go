package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/advertisex/adjoin/actors"
	"github.com/advertisex/adjoin/actors/correlate"
	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/csvevents"
	"github.com/advertisex/adjoin/codecs/jsonimp"
	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/internal/reference"
	"github.com/advertisex/adjoin/sinks"
)

// developmentUserKey is the key of user_key hashes where none is configured.
// Everybody knows it, so the hashes hide nothing; a node says so at its start.
const developmentUserKey = "adjoin-development-key"

// journalRetention is how long the journal keeps commits for a warehouse whose
// loader is away.
const journalRetention = 7 * 24 * time.Hour

// kafkaConfig is section kafka as internal/kafka wants it.
func kafkaConfig(c *config.Config) kafka.Config {
	k := c.Kafka
	out := kafka.Config{
		Brokers: k.Brokers, ClientID: k.ClientID, Insecure: k.Insecure,
		TLS: kafka.TLS{
			Enabled: k.TLS.Enabled, CAFile: string(k.TLS.CAFile), CertFile: string(k.TLS.CertFile),
			KeyFile: string(k.TLS.KeyFile), ServerName: k.TLS.ServerName,
		},
		DialTimeout: k.Timeout.Dial, ReadTimeout: k.Timeout.Request,
	}
	if k.SASL.Mechanism == "" {
		return out
	}
	sasl := k.SASL
	out.SASL = kafka.SASL{
		Mechanism: sasl.Mechanism, Username: sasl.Username,
		Password: func() (string, error) {
			secret, err := sasl.CurrentPassword()
			return secret.Reveal(), err
		},
	}
	if sasl.TokenFile != "" {
		out.SASL.Token = func() (kafka.Token, error) {
			b, err := os.ReadFile(string(sasl.TokenFile))
			return kafka.Token{Value: string(b)}, err
		}
	}
	return out
}

// topics are the source topics with their decoders.
func topics(c *config.Config) ([]actors.Topic, error) {
	common := codecs.Config{
		Zone: c.Decode.Zone.Location(), DefaultCurrency: c.Decode.Currency,
		MaxRecordBytes: int(c.Limits.RecordMaxBytes), MaxDepth: c.Limits.NestingMax, MaxFields: c.Limits.FieldsMax,
	}
	if c.Decode.IDMode == "offset" {
		common.IDMode = codecs.Offset
	}
	bids, err := bidDecoders(c, common)
	if err != nil {
		return nil, err
	}
	clicks, err1 := csvDecoders(c, common, csvevents.Clicks, c.Decode.CSV.ClicksColumns)
	conversions, err2 := csvDecoders(c, common, csvevents.Conversions, c.Decode.CSV.ConversionsColumns)
	combined, err3 := csvDecoders(c, common, csvevents.Combined, c.Decode.CSV.CombinedColumns)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, &failure{exit: exitConfig, id: "E-CONFIG", message: "decode.csv: " + err.Error(), cause: err}
	}
	var out []actors.Topic
	for _, t := range []struct {
		names   config.Names
		decoder func() codecs.Decoder
	}{
		{c.Kafka.Topics.Bids, bids},
		{c.Kafka.Topics.Impressions, func() codecs.Decoder { return jsonimp.New(common) }},
		{c.Kafka.Topics.Clicks, clicks},
		{c.Kafka.Topics.Conversions, conversions},
		{c.Kafka.Topics.ClicksConversions, combined},
	} {
		for _, name := range t.names {
			out = append(out, actors.Topic{Name: name, NewDecoder: t.decoder, Backfill: slices.Contains(c.Kafka.Backfill, name)})
		}
	}
	return out, nil
}

// csvDecoders makes decoders of one kind of CSV topic, the first at once: what
// it refuses is an error of the configuration.
func csvDecoders(c *config.Config, common codecs.Config, topic csvevents.Topic, columns []string) (func() codecs.Decoder, error) {
	cfg := csvevents.Config{Config: common, Topic: topic, Delimiter: byte(c.Decode.CSV.Delimiter), Columns: columns}
	if _, err := csvevents.New(cfg); err != nil {
		return nil, err
	}
	return func() codecs.Decoder {
		d, err := csvevents.New(cfg)
		if err != nil { // it was accepted a moment ago
			panic(err)
		}
		return d
	}, nil
}

// settings are the rules of section correlate.
func settings(c *config.Config) (correlate.Settings, error) {
	x := c.Correlate
	s := correlate.DefaultSettings()
	s.LateAfter = x.WatermarkDelay
	s.Horizon = perKind(x.Horizons)
	s.Conflict = perKind(x.ConflictHorizons)
	s.BidLateness, s.ClickLateness, s.ViewLateness = x.JoinLateness.BidImpression, x.JoinLateness.ImpressionClick, x.JoinLateness.ViewConversion
	s.OrphanHold, s.HalfLife = x.OrphanHold, x.Attribution.HalfLife
	s.MaxTouchesPerPath, s.MaxTouchesPerUser = x.MaxTouchesPerPath, x.MaxLiveTouchesPerUser
	secret, err := x.UserKey.CurrentSecret()
	if err != nil {
		return s, err
	}
	s.UserKeyID, s.UserKeySecret = x.UserKey.ID, []byte(secret.Reveal())
	if len(s.UserKeySecret) == 0 {
		s.UserKeySecret = []byte(developmentUserKey)
	}
	return s, nil
}

func perKind(h config.Horizons) correlate.PerKind {
	return correlate.PerKind{Bid: h.Bids, Impression: h.Impressions, Click: h.Clicks, Conversion: h.Conversions}
}

// defaultCampaign is what holds for campaigns that say nothing themselves.
func defaultCampaign(c *config.Config) reference.Campaign {
	w := c.Correlate.Windows
	d := reference.DefaultCampaign()
	d.Windows = reference.Windows{
		BidJoinWeb: w.BidJoinWeb, BidJoinApp: w.BidJoinApp, ClickJoin: w.ClickJoin,
		ClickThrough: w.ClickThrough, ViewThrough: w.ViewThrough, ClickRefractory: w.ClickRefractory,
	}
	d.MaxClicksPerImpression = int32(c.Correlate.MaxClicksPerImpression)
	switch c.Correlate.Attribution.Scope {
	case "campaign":
		d.Scope = reference.ScopeCampaign
	case "account":
		d.Scope = reference.ScopeAccount
	}
	if c.Correlate.Attribution.PathSet == "clicks_and_views" {
		d.PathSet = reference.ClicksAndViews
	}
	return d
}

// referenceData reads the campaigns and creatives that the configuration names.
func referenceData(c *config.Config) (*reference.Set, error) {
	read := func(path config.Path) ([]byte, error) {
		if path == "" {
			return nil, nil
		}
		return os.ReadFile(string(path))
	}
	campaigns, err1 := read(c.Reference.Campaigns)
	creatives, err2 := read(c.Reference.Creatives)
	if err := errors.Join(err1, err2); err != nil {
		return nil, &failure{exit: exitConfig, id: "E-REFERENCE", message: "reference data cannot be read: " + err.Error(), cause: err}
	}
	set, err := reference.ParseWith(defaultCampaign(c), campaigns, creatives)
	if err != nil {
		return nil, &failure{exit: exitConfig, id: "E-REFERENCE", message: "reference data is not valid: " + err.Error(), cause: err}
	}
	return withRates(c, set)
}

// withRates adds the exchange rates that the configuration names.
func withRates(c *config.Config, set *reference.Set) (*reference.Set, error) {
	var data []byte
	var err error
	if c.Reference.FX != "" {
		data, err = os.ReadFile(string(c.Reference.FX))
	}
	var rates []reference.FXRate
	if err == nil {
		rates, err = reference.ParseFX(data)
	}
	if err == nil {
		set, err = set.WithFX(c.Reference.ReportingCurrency, rates)
	}
	if err != nil {
		return nil, &failure{exit: exitConfig, id: "E-REFERENCE", message: "reference.fx is not valid: " + err.Error(), cause: err}
	}
	return set, nil
}

// lake locks the node's folder and opens the object store and the writer of cuts.
func lake(ctx context.Context, c *config.Config) (sinks.Store, *sinks.CutWriter, error) {
	lock, err := lockDataDir(string(c.Node.DataDir))
	if err != nil {
		return nil, nil, err
	}
	bucket, err := sinks.OpenBucket(ctx, c.Sink.URL)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("sink.url %s: %w", c.Sink.URL, err), lock.Close())
	}
	store := lockedStore{Store: bucket, lock: lock}
	spool := filepath.Join(string(c.Node.DataDir), "spool")
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("node.data_dir: %w", err), store.Close())
	}
	writer, err := sinks.NewCutWriter(store, sinks.Config{
		SpoolDir: spool, FileBytes: int64(c.Sink.TargetFileSize),
		Partitions: partitions(c.Sink.PartitionBy), Compression: compression(c.Sink.Compression),
	})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, writer, nil
}

// partitions is sink.partition_by, which is checked to be [dt, hour], [dt] or [].
func partitions(by []string) sinks.Partitions {
	switch len(by) {
	case 0:
		return sinks.Unpartitioned
	case 1:
		return sinks.ByDay
	}
	return sinks.ByHour
}

func compression(name string) sinks.Compression {
	switch name {
	case "snappy":
		return sinks.Snappy
	case "none":
		return sinks.Uncompressed
	}
	return sinks.Zstd
}

// engineConfig is the configuration as the engine wants it, without what
// touches disk or network.
func (a *app) engineConfig(c *config.Config) (actors.Config, error) {
	sources, err := topics(c)
	if err != nil {
		return actors.Config{}, err
	}
	rules, err := settings(c)
	if err != nil {
		return actors.Config{}, err
	}
	if string(rules.UserKeySecret) == developmentUserKey {
		a.log.Warn("user keys are hashed with the development key, which everybody knows; set correlate.user_key.secret_file")
	}
	set, err := referenceData(c)
	if err != nil {
		return actors.Config{}, err
	}
	cfg := actors.Config{
		Node: journal.NodeID(c.Node.ID), Version: buildVersion().Version,
		UserShards: uint32(c.Correlate.Shards), CampaignShards: uint32(c.Correlate.CampaignShards),
		Kafka: kafkaConfig(c), JournalTopic: c.Kafka.Journal, SegmentsTopic: c.Kafka.Segments,
		Fetch: kafka.SourceConfig{
			MaxBytesPartition: int(c.Kafka.Fetch.MaxBytesPartition), MaxWait: c.Kafka.Fetch.MaxWait, Connections: c.Kafka.Fetch.Connections,
		},
		Topics: sources, Start: actors.Start{Latest: c.Kafka.Start.Latest},
		Settings: rules, Reference: set,
		CutInterval: c.Sink.CheckpointInterval, InFlightBytes: int(c.Limits.InFlightBytes), StateLimit: int64(c.State.MemoryLimit),
		WatermarkDelay: c.Correlate.WatermarkDelay, IdleTimeout: time.Duration(c.Correlate.IdleTimeout) * time.Microsecond,
		FrontierSlack: event.Minute, ShutdownTimeout: c.Node.DrainTimeout,
		JournalRetention: journalRetention, Log: a.log,
	}
	if !c.Kafka.Start.At.IsZero() {
		cfg.Start.At = event.TimeOf(c.Kafka.Start.At)
	}
	return cfg, nil
}
