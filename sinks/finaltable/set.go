package finaltable

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
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
	days         *collector[table.CampaignDay]
	rejected     *collector[table.Rejected]
}

var _ sinks.Sink = (*Set)(nil)

// NewSet is an empty set.
func NewSet() *Set {
	return &Set{
		bids:         newCollector[table.Bid](),
		wins:         newCollector[table.Win](),
		impressions:  newCollector[table.Impression](),
		clicks:       newCollector[table.Click](),
		conversions:  newCollector[table.Conversion](),
		attributions: newCollector[table.Attribution](),
		minutes:      newCollector[table.CampaignMinute](),
		days:         newCollector[table.CampaignDay](),
		rejected:     newCollector[table.Rejected](),
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

// WriteCampaignDays takes rows of agg_campaign_day.
func (s *Set) WriteCampaignDays(rows []table.CampaignDay) error { return s.days.add(rows) }

// WriteRejected takes rows of rejected_events.
func (s *Set) WriteRejected(rows []table.Rejected) error { return s.rejected.add(rows) }

// Write writes every table, also the empty ones, as dir/TABLE/part-0.parquet
// and returns the rows of each. A folder that holds other Parquet files is
// refused: they would be read as part of the table. Tables named in only, if
// any, are the only ones written.
func (s *Set) Write(dir string, only ...table.Name) (map[table.Name]int64, error) {
	rows := map[table.Name]int64{}
	for _, t := range []interface {
		name() table.Name
		write(dir string) (rows int64, err error)
	}{s.bids, s.wins, s.impressions, s.clicks, s.conversions, s.attributions, s.minutes, s.days, s.rejected} {
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

// arenaBytes is the size of the pieces that rows are kept in.
const arenaBytes = 1 << 20

// entry finds one encoded row. Most comparisons end at the prefix.
type entry struct {
	prefix uint64 // first bytes of the key
	piece  uint32 // which piece of the arena
	offset uint32 // where in it
}

// collector keeps rows of one table: their key, version and other columns, one
// after the other in pieces of memory without pointers.
//
//	u32 length of key, key, u64 row_version, u8 deleted, u32 length of rest, rest
type collector[T any] struct {
	codec *codec[T]

	mu      sync.Mutex
	pieces  [][]byte
	entries []entry
	key     []byte // scratch
	rest    []byte // scratch
}

func newCollector[T any]() *collector[T] { return &collector[T]{codec: newCodec[T]()} }

func (c *collector[T]) add(rows []T) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range rows {
		row := &rows[i]
		c.key = c.codec.appendKey(c.key[:0], row)
		c.rest = c.codec.appendRest(c.rest[:0], row)
		c.put(*at[int64](row, c.codec.version), *at[string](row, c.codec.op) == table.Delete)
	}
	return nil
}

// put stores the row in the scratch buffers.
func (c *collector[T]) put(version int64, deleted bool) {
	size := 4 + len(c.key) + 8 + 1 + 4 + len(c.rest)
	last := len(c.pieces) - 1
	if last < 0 || cap(c.pieces[last])-len(c.pieces[last]) < size {
		c.pieces = append(c.pieces, make([]byte, 0, max(arenaBytes, size)))
		last++
	}
	b := c.pieces[last]
	var prefix [8]byte
	copy(prefix[:], c.key)
	c.entries = append(c.entries, entry{binary.BigEndian.Uint64(prefix[:]), uint32(last), uint32(len(b))})
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.key)))
	b = append(b, c.key...)
	b = binary.BigEndian.AppendUint64(b, uint64(version)^1<<63)
	b = appendBool(b, deleted)
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.rest)))
	c.pieces[last] = append(b, c.rest...)
}

// record is one stored row.
type record struct {
	key, version, rest []byte
	deleted            bool
}

func (c *collector[T]) record(e entry) record {
	b := c.pieces[e.piece][e.offset:]
	n := binary.BigEndian.Uint32(b)
	r := record{key: b[4 : 4+n]}
	b = b[4+n:]
	r.version, r.deleted = b[:8], b[8] == 1
	n = binary.BigEndian.Uint32(b[9:])
	r.rest = b[13 : 13+n : 13+n]
	return r
}

// sort orders by key, then the newest version first. Two rows of one key and
// version (there should be none) are told apart by content, so that the order
// never depends on the order of arrival.
func (c *collector[T]) sort() {
	slices.SortFunc(c.entries, func(a, b entry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		x, y := c.record(a), c.record(b)
		return cmp.Or(bytes.Compare(x.key, y.key), bytes.Compare(y.version, x.version), bytes.Compare(x.rest, y.rest))
	})
}

// fold keeps the newest version of each key, and nothing of a deleted one.
func (c *collector[T]) fold() {
	kept := c.entries[:0]
	var last []byte
	for i, e := range c.entries {
		r := c.record(e)
		if i > 0 && bytes.Equal(r.key, last) {
			continue
		}
		last = r.key
		if !r.deleted {
			kept = append(kept, e)
		}
	}
	c.entries = kept
}

// decode sets a zero row to what the record says.
func (c *collector[T]) decode(r record, row *T) {
	c.codec.readKey(r.key, row)
	c.codec.readRest(r.rest, row)
	*at[string](row, c.codec.op) = table.Upsert
}

func (c *collector[T]) name() table.Name { return c.codec.name }

func (c *collector[T]) write(dir string) (rows int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sort()
	c.fold()
	path, err := target(filepath.Join(dir, string(c.codec.name)))
	if err != nil {
		return 0, err
	}
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	rows, err = sinks.WriteTable(out, c.batches())
	if err := errors.Join(err, out.Flush(), f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(f.Name()))
	}
	return rows, os.Rename(f.Name(), path)
}

// batches yields the rows in order, 1,024 at a time.
func (c *collector[T]) batches() func() ([]T, error) {
	batch := make([]T, 0, 1024)
	next := 0
	return func() ([]T, error) {
		clear(batch[:cap(batch)])
		batch = batch[:0]
		for next < len(c.entries) && len(batch) < cap(batch) {
			batch = batch[:len(batch)+1]
			c.decode(c.record(c.entries[next]), &batch[len(batch)-1])
			next++
		}
		return batch, nil
	}
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
