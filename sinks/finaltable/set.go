package finaltable

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/spill"
)

// fileName is the one file of a final table.
const fileName = "part-0.parquet"

// Set collects the rows of all tables. The zero value is not ready: NewSet.
type Set struct {
	bids         *collector[table.Bid]
	wins         *collector[table.Win]
	impressions  *collector[table.Impression]
	clicks       *collector[table.Click]
	conversions  *collector[table.Conversion]
	attributions *collector[table.Attribution]
	minutes      *collector[table.CampaignMinute]
	hours        *collector[table.CampaignHour]
	days         *collector[table.CampaignDay]
	sites        *collector[table.SiteDay]
	pipeline     *collector[table.PipelineMinute]
	rejected     *collector[table.Rejected]
}

var _ sinks.Sink = (*Set)(nil)

// NewSet is an empty set that keeps all rows in memory.
func NewSet() *Set { return newSet("", math.MaxInt) }

// tableBytes is how much of a table a set with a folder keeps in memory.
const tableBytes = 192 << 20

// NewSetIn is an empty set that sorts in the folder dir, which it makes, what
// exceeds 192 MB a table. Close gives the space back.
func NewSetIn(dir string) (*Set, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return newSet(dir, tableBytes), nil
}

func newSet(dir string, budget int) *Set {
	return &Set{
		bids:         newCollector[table.Bid](dir, budget),
		wins:         newCollector[table.Win](dir, budget),
		impressions:  newCollector[table.Impression](dir, budget),
		clicks:       newCollector[table.Click](dir, budget),
		conversions:  newCollector[table.Conversion](dir, budget),
		attributions: newCollector[table.Attribution](dir, budget),
		minutes:      newCollector[table.CampaignMinute](dir, budget),
		hours:        newCollector[table.CampaignHour](dir, budget),
		days:         newCollector[table.CampaignDay](dir, budget),
		sites:        newCollector[table.SiteDay](dir, budget),
		pipeline:     newCollector[table.PipelineMinute](dir, budget),
		rejected:     newCollector[table.Rejected](dir, budget),
	}
}

// WriteBids takes rows of fact_bids (sinks.Sink); it copies them and never
// fails.
func (s *Set) WriteBids(rows []table.Bid) error { return s.bids.add(rows) }

// WriteWins takes rows of fact_wins.
func (s *Set) WriteWins(rows []table.Win) error { return s.wins.add(rows) }

// WriteImpressions takes rows of fact_impressions.
func (s *Set) WriteImpressions(rows []table.Impression) error { return s.impressions.add(rows) }

// WriteClicks takes rows of fact_clicks.
func (s *Set) WriteClicks(rows []table.Click) error { return s.clicks.add(rows) }

// WriteConversions takes rows of fact_conversions.
func (s *Set) WriteConversions(rows []table.Conversion) error { return s.conversions.add(rows) }

// WriteAttributions takes rows of fact_attributions.
func (s *Set) WriteAttributions(rows []table.Attribution) error { return s.attributions.add(rows) }

// WriteCampaignMinutes takes rows of agg_campaign_minute.
func (s *Set) WriteCampaignMinutes(rows []table.CampaignMinute) error { return s.minutes.add(rows) }

// WriteCampaignHours takes rows of agg_campaign_hour.
func (s *Set) WriteCampaignHours(rows []table.CampaignHour) error { return s.hours.add(rows) }

// WriteCampaignDays takes rows of agg_campaign_day.
func (s *Set) WriteCampaignDays(rows []table.CampaignDay) error { return s.days.add(rows) }

// WriteSiteDays takes rows of agg_site_day.
func (s *Set) WriteSiteDays(rows []table.SiteDay) error { return s.sites.add(rows) }

// WritePipelineMinutes takes rows of ops_pipeline_minute.
func (s *Set) WritePipelineMinutes(rows []table.PipelineMinute) error { return s.pipeline.add(rows) }

// WriteRejected takes rows of rejected_events.
func (s *Set) WriteRejected(rows []table.Rejected) error { return s.rejected.add(rows) }

// Write writes every table, also the empty ones, as dir/TABLE/part-0.parquet
// and returns the rows of each. A folder that holds other Parquet files is
// refused: they would be read as part of the table. Tables named in only, if
// any, are the only ones written.
func (s *Set) Write(dir string, only ...table.Name) (map[table.Name]int64, error) {
	rows := map[table.Name]int64{}
	for _, t := range s.all() {
		if len(only) > 0 && !slices.Contains(only, t.name()) {
			continue
		}
		n, err := t.write(dir)
		if err != nil {
			return nil, fmt.Errorf("finaltable: writing %s: %w", t.name(), err)
		}
		rows[t.name()] = n
	}
	return rows, nil
}

// Close gives up all rows.
func (s *Set) Close() error {
	var err error
	for _, t := range s.all() {
		err = errors.Join(err, t.close())
	}
	return err
}

// anyTable is a collector of any row type.
type anyTable interface {
	name() table.Name
	write(dir string) (rows int64, err error)
	close() error
}

func (s *Set) all() []anyTable {
	return []anyTable{s.bids, s.wins, s.impressions, s.clicks, s.conversions, s.attributions, s.minutes, s.hours, s.days, s.sites, s.pipeline, s.rejected}
}

// collector keeps rows of one table: the key as the key of a record, the
// version, whether it is deleted and the other columns as its value. So records
// are in the order of keys, and of a key the newest version comes first. Two
// rows of one key and version (there should be none) are told apart by content,
// so that the order never depends on the order of arrival.
type collector[T any] struct {
	codec *codec[T]

	mu     sync.Mutex
	sorter *spill.Sorter
	key    []byte // scratch
	value  []byte // scratch
}

func newCollector[T any](dir string, budget int) *collector[T] {
	return &collector[T]{codec: newCodec[T](), sorter: spill.New(dir, budget)}
}

// versionBytes is how much of a value comes before the columns: the version,
// flipped so that the newest is the smallest, and a byte for a deleted key.
const versionBytes = 9

func (c *collector[T]) add(rows []T) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range rows {
		row := &rows[i]
		c.key = c.codec.appendKey(c.key[:0], row)
		newest := ^(uint64(*at[int64](row, c.codec.version)) ^ 1<<63)
		c.value = binary.BigEndian.AppendUint64(c.value[:0], newest)
		c.value = appendBool(c.value, *at[string](row, c.codec.op) == table.Delete)
		c.value = c.codec.appendRest(c.value, row)
		if err := c.sorter.Add(c.key, c.value); err != nil {
			return err
		}
	}
	return nil
}

// folded reads the newest version of each key, and nothing of a deleted one.
type folded struct {
	in   *spill.Reader
	last []byte // the key before
	some bool
}

func (c *collector[T]) fold() (*folded, error) {
	in, err := c.sorter.Sort()
	return &folded{in: in}, err
}

// next is the key and the other columns of a row, io.EOF after the last. They
// are valid until the next call.
func (f *folded) next() (key, rest []byte, err error) {
	for {
		r, err := f.in.Next()
		if err != nil {
			return nil, nil, err
		}
		if f.some && bytes.Equal(r.Key, f.last) {
			continue
		}
		f.some, f.last = true, append(f.last[:0], r.Key...)
		if r.Value[versionBytes-1] == 0 {
			return r.Key, r.Value[versionBytes:], nil
		}
	}
}

func (c *collector[T]) name() table.Name { return c.codec.name }

func (c *collector[T]) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sorter.Close()
}

func (c *collector[T]) write(dir string) (rows int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in, err := c.fold()
	if err != nil {
		return 0, err
	}
	return writeFile(filepath.Join(dir, string(c.codec.name)), c.batches(in))
}

// batchRows is how many rows are encoded at a time. The boundaries show in the
// bytes of a file, so every writer of final tables keeps to them.
const batchRows = 1024

// batches yields the rows in order. The text of a batch lies in one piece of
// memory of its own.
func (c *collector[T]) batches(in *folded) func() ([]T, error) {
	batch := make([]T, 0, batchRows)
	return func() ([]T, error) {
		clear(batch[:cap(batch)])
		batch = batch[:0]
		text := make([]byte, 0, 256*batchRows)
		for len(batch) < cap(batch) {
			key, rest, err := in.next()
			if errors.Is(err, io.EOF) {
				return batch, nil
			}
			if err != nil {
				return nil, err
			}
			if need := len(key) + len(rest); cap(text)-len(text) < need {
				text = make([]byte, 0, max(256*batchRows, need))
			}
			from := len(text)
			text = append(append(text, key...), rest...)
			batch = batch[:len(batch)+1]
			row := &batch[len(batch)-1]
			c.codec.readKey(text[from:from+len(key)], row)
			c.codec.readRest(text[from+len(key):], row)
			*at[string](row, c.codec.op) = table.Upsert
		}
		return batch, nil
	}
}

// writeFile writes the one file of a table into its folder; it appears when it
// is complete.
func writeFile[T any](dir string, next func() ([]T, error)) (rows int64, err error) {
	path, err := target(dir)
	if err != nil {
		return 0, err
	}
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	rows, err = sinks.WriteTable(out, next)
	if err := errors.Join(err, out.Flush(), f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(f.Name()))
	}
	return rows, os.Rename(f.Name(), path)
}

// target makes the folder of a table and names its file.
func target(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	others, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, fileName)
	for _, o := range others {
		if o != path {
			return "", fmt.Errorf("%s is not from a replay; name an empty folder", o)
		}
	}
	return path, nil
}

func decimalText(d table.Decimal38) string {
	v := new(big.Int).SetBytes(d[:])
	if d[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return v.String()
}
