package sinks

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/snappy"
	"github.com/parquet-go/parquet-go/compress/uncompressed"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks/rowfile"
)

// The shape of our Parquet files. Changing one changes bytes, not meaning.
const (
	// pageBytes bounds a column's page before compression, and with it the
	// memory of an open file. Larger pages are not faster.
	pageBytes = 32 << 10
	// rowGroupRows: a row group is what a reader skips or reads as a whole. Its
	// compressed pages stay in memory until it is full (18 MB for
	// fact_impressions), so this bounds the memory of an open file too.
	rowGroupRows = 128 << 10
	// dictionaryBytes bounds a column's dictionary; beyond it the column goes on
	// as plain text.
	dictionaryBytes = 1 << 20
	// stageRows are gathered before they are encoded: a call per column for
	// every handful of rows would cost more than the encoding.
	stageRows = 512
	// directRows are many enough for a file that has a writer already: copying
	// them to the stage would cost more.
	directRows = 64
)

// Config tells a CutWriter how much it may hold and where.
type Config struct {
	// SpoolDir is a local folder for file parts that outgrow SpoolBytes. "" keeps
	// every open cut in memory.
	SpoolDir string
	// SpoolBytes is how much of one file stays in memory before it is spilled;
	// 0 means 8 MiB.
	SpoolBytes int
	// Lanes is how many files of one table and hour are encoded at a time, when
	// shards wait for each other; 0 means half the processors, at most 8.
	Lanes int
	// OpenFiles is how many files of one table a lane encodes at a time; beyond it
	// the least recently used one is finished. A file counts from its 512th row
	// on, so stray late rows do not. 0 means 8.
	OpenFiles int
	// Uploads is how many files of a cut are uploaded at a time; 0 means 4.
	Uploads int
	// FileBytes is the size from which a file is finished and another begun. It
	// is looked at between row groups. 0 means 128 MiB.
	FileBytes int64
	// Partitions is the folders under a table; the zero value is ByHour.
	Partitions Partitions
	// Compression is that of the columns; the zero value is Zstd.
	Compression Compression
}

// Compression is how the pages of a file are compressed.
type Compression uint8

// The compressions that every reader of Parquet knows. LZ4 is not among them:
// readers disagree about its framing.
const (
	Zstd Compression = iota // at its fastest level: the next one costs 25 % more time and saves 3 %
	Snappy
	Uncompressed
)

func (c Compression) codec() compress.Codec {
	switch c {
	case Snappy:
		return new(snappy.Codec)
	case Uncompressed:
		return new(uncompressed.Codec)
	}
	return &zstd.Codec{Level: zstd.SpeedFastest}
}

func (c Config) withDefaults() Config {
	c.SpoolBytes = cmp.Or(c.SpoolBytes, 8<<20)
	c.Lanes = cmp.Or(c.Lanes, min(8, max(1, runtime.GOMAXPROCS(0)/2)))
	c.OpenFiles = cmp.Or(c.OpenFiles, 8)
	c.Uploads = cmp.Or(c.Uploads, 4)
	c.FileBytes = cmp.Or(c.FileBytes, 128<<20)
	return c
}

// CutWriter makes the Parquet files of cuts. It owns what cuts have in common:
// idle writers (their buffers and dictionaries are the expensive part), memory,
// the store. It has no goroutine. Safe for concurrent use.
type CutWriter struct {
	store  Store
	cfg    Config
	chunks chunks
	budget budget

	bids         tableKind[table.Bid]
	wins         tableKind[table.Win]
	impressions  tableKind[table.Impression]
	clicks       tableKind[table.Click]
	conversions  tableKind[table.Conversion]
	attributions tableKind[table.Attribution]
	minutes      tableKind[table.CampaignMinute]
	hours        tableKind[table.CampaignHour]
	days         tableKind[table.CampaignDay]
	sites        tableKind[table.SiteDay]
	pipeline     tableKind[table.PipelineMinute]
	rejected     tableKind[table.Rejected]
}

// NewCutWriter checks the spool folder, removes what a killed process left in
// it, and returns a writer to the store. The folder must belong to this process
// alone.
func NewCutWriter(store Store, cfg Config) (*CutWriter, error) {
	cfg = cfg.withDefaults()
	if cfg.SpoolBytes < 0 || cfg.Lanes < 0 || cfg.OpenFiles < 0 || cfg.Uploads < 0 || cfg.FileBytes < 0 {
		return nil, errors.New("sinks: a limit of the cut writer is negative")
	}
	if err := cleanSpool(cfg.SpoolDir); err != nil {
		return nil, err
	}
	w := &CutWriter{store: store, cfg: cfg, chunks: chunks{idleMax: 1024}}
	codec := cfg.Compression.codec()
	w.bids = newTableKind(table.Bids, bidGrain(), &cfg, codec)
	w.wins = newTableKind(table.Wins, winGrain(), &cfg, codec)
	w.impressions = newTableKind(table.Impressions, impressionGrain(), &cfg, codec)
	w.clicks = newTableKind(table.Clicks, clickGrain(), &cfg, codec)
	w.conversions = newTableKind(table.Conversions, conversionGrain(), &cfg, codec)
	w.attributions = newTableKind(table.Attributions, attributionGrain(), &cfg, codec)
	w.minutes = newTableKind(table.CampaignMinutes, minuteGrain(), &cfg, codec)
	w.hours = newTableKind(table.CampaignHours, campaignHourGrain(), &cfg, codec)
	w.days = newTableKind(table.CampaignDays, dayGrain(), &cfg, codec)
	w.sites = newTableKind(table.SiteDays, siteDayGrain(), &cfg, codec)
	w.pipeline = newTableKind(table.PipelineMinutes, pipelineGrain(), &cfg, codec)
	w.rejected = newTableKind(table.RejectedEvents, rejectedGrain(), &cfg, codec)
	return w, nil
}

func cleanSpool(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return failed("spool", dir, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, spoolPattern))
	if err != nil {
		return fmt.Errorf("sinks: spool folder %q: %w", dir, err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return failed("spool", name, err)
		}
	}
	return nil
}

// Held is how many bytes of unfinished uploads are in memory, and why the spool
// disk takes no more (class NoSpace or Refused), nil when it does. While it is
// not nil the owner should take in no new records; nothing held is lost.
func (w *CutWriter) Held() (bytes int64, full error) { return w.budget.state() }

// tableKind is what all cuts share about one table.
type tableKind[T any] struct {
	name  table.Name
	grain grain[T]
	pool  *writerPool[T]
}

func newTableKind[T any](n table.Name, g grain[T], cfg *Config, codec compress.Codec) tableKind[T] {
	return tableKind[T]{name: n, grain: g.within(cfg.Partitions), pool: &writerPool[T]{codec: codec}}
}

// writerPool keeps idle Parquet writers: reusing one saves all buffer growth.
type writerPool[T any] struct {
	codec compress.Codec

	mu   sync.Mutex
	idle []*rowfile.Writer[T]
}

// idleWriters bounds a pool: an idle writer keeps its page buffers.
const idleWriters = 8

func (p *writerPool[T]) get(out *spool) *rowfile.Writer[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.Reset(out)
		return w
	}
	return rowfile.New[T](out, fileFormat[T](p.codec))
}

// put takes a closed writer back.
func (p *writerPool[T]) put(w *rowfile.Writer[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < idleWriters {
		p.idle = append(p.idle, w)
	}
}

// fileFormat is the file format: data page V1 and no delta encodings (Synapse and
// older Spark refuse others), bounds only where a reader can skip by them: on
// random ids they skip nothing.
func fileFormat[T any](codec compress.Codec) rowfile.Format {
	return rowfile.Format{
		Schema: schemaOf[T](), Codec: codec, CreatedBy: "adjoin",
		PageBytes: pageBytes, GroupRows: rowGroupRows, DictionaryBytes: dictionaryBytes, Bounded: bounded,
	}
}

// bounded lists the columns a reader filters on.
func bounded(column string) bool {
	switch column {
	case "event_time", "impression_time", "conversion_time", "bucket_start", "day",
		"ingest_time", "campaign_id", "advertiser_id":
		return true
	}
	return false
}
