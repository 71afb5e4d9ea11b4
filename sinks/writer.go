package sinks

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/advertisex/adjoin/internal/table"
)

// The shape of our Parquet files. Changing one changes bytes, not meaning.
const (
	// pageBytes bounds a column's page before compression, and with it the
	// memory of an open file: 1.5 MiB for the 46 columns of fact_impressions
	// (the library's 256 KiB would take 12). Larger pages are not faster.
	pageBytes = 32 << 10
	// rowGroupRows: a row group is what a reader skips or reads as a whole. The library keeps a row group's compressed pages in memory until it is full
	// (18 MB for fact_impressions), so this bounds the memory of an open file too.
	rowGroupRows = 128 << 10
	// dictionaryBytes bounds a column's dictionary; beyond it the column goes on
	// as plain text.
	dictionaryBytes = 1 << 20
	// stageRows are gathered before they are encoded: a call per column for
	// every handful of rows would cost more than the encoding.
	stageRows = 512
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

func (c Compression) option() parquet.WriterOption {
	switch c {
	case Snappy:
		return parquet.Compression(&parquet.Snappy)
	case Uncompressed:
		return parquet.Compression(&parquet.Uncompressed)
	}
	return parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest})
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
	w.bids = newTableKind(table.Bids, bidGrain(), &cfg)
	w.wins = newTableKind(table.Wins, winGrain(), &cfg)
	w.impressions = newTableKind(table.Impressions, impressionGrain(), &cfg)
	w.clicks = newTableKind(table.Clicks, clickGrain(), &cfg)
	w.conversions = newTableKind(table.Conversions, conversionGrain(), &cfg)
	w.attributions = newTableKind(table.Attributions, attributionGrain(), &cfg)
	w.minutes = newTableKind(table.CampaignMinutes, minuteGrain(), &cfg)
	w.hours = newTableKind(table.CampaignHours, campaignHourGrain(), &cfg)
	w.days = newTableKind(table.CampaignDays, dayGrain(), &cfg)
	w.sites = newTableKind(table.SiteDays, siteDayGrain(), &cfg)
	w.pipeline = newTableKind(table.PipelineMinutes, pipelineGrain(), &cfg)
	w.rejected = newTableKind(table.RejectedEvents, rejectedGrain(), &cfg)
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

func newTableKind[T any](n table.Name, g grain[T], cfg *Config) tableKind[T] {
	return tableKind[T]{name: n, grain: g.within(cfg.Partitions), pool: &writerPool[T]{compression: cfg.Compression}}
}

// writerPool keeps idle Parquet writers: reusing one saves about 500
// allocations a file and all buffer growth.
type writerPool[T any] struct {
	compression Compression

	mu   sync.Mutex
	idle []*rowWriter[T]
}

// idleWriters bounds a pool: an idle writer keeps its page buffers.
const idleWriters = 8

func (p *writerPool[T]) get(out *spool) *rowWriter[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.Reset(out)
		return w
	}
	return newRowWriter[T](out, p.compression.option())
}

// put takes a closed writer back.
//
// Reset of the library (0.32) blanks the column paths of the row groups it
// wrote, and those slices are the writer's own: its next file would name no
// column. Readers that match chunks by path, as Spark does, find nothing in
// such a file, so the row groups let go of the slices first.
func (p *writerPool[T]) put(w *rowWriter[T]) {
	for _, group := range w.File().Metadata().RowGroups {
		for i := range group.Columns {
			group.Columns[i].MetaData.PathInSchema = nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < idleWriters {
		p.idle = append(p.idle, w)
	}
}

// writerOptions is the file format: zstd unless asked otherwise, data page V1 and no delta encodings
// (Synapse and older Spark refuse others), page bounds only where a reader can
// skip by them. Bounds on random ids cost a fifth of the time and skip nothing;
// on DECIMAL(38) the library would order them unsigned.
func writerOptions[T any]() []parquet.WriterOption {
	schema := schemaOf[T]()
	options := []parquet.WriterOption{
		schema,
		Zstd.option(),
		parquet.DataPageVersion(1),
		parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain), // the library's choice is a delta encoding
		parquet.DataPageStatistics(false),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(0),
		parquet.MaxRowsPerRowGroup(rowGroupRows),
		parquet.DictionaryMaxBytes(dictionaryBytes),
		parquet.CreatedBy("adjoin", "1", ""),
	}
	for _, path := range schema.Columns() {
		if !bounded(path[0]) {
			options = append(options, parquet.SkipPageBounds(path...))
		}
	}
	return options
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
