package finaltable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/spill"
)

// Counts is how two versions of one table differ, in rows.
type Counts struct {
	OnlyLeft  int64 `json:"only_left"`
	OnlyRight int64 `json:"only_right"`
	Different int64 `json:"different"` // same key, other columns
}

// Difference is one example.
type Difference struct {
	Table  table.Name `json:"table"`
	Kind   string     `json:"kind"` // only_left, only_right, different
	Key    string     `json:"key"`  // column=value, comma separated
	Column string     `json:"column,omitempty"`
	Left   string     `json:"left,omitempty"`
	Right  string     `json:"right,omitempty"`
}

// Report is the result of a comparison.
type Report struct {
	Tables map[table.Name]Counts
	Rows   map[table.Name][2]int64 // left and right
	First  []Difference            // in the order of tables and keys
}

// Equal reports whether nothing differs.
func (r Report) Equal() bool {
	for _, c := range r.Tables {
		if c != (Counts{}) {
			return false
		}
	}
	return true
}

// Diff compares the final tables in two folders and keeps the first examples of
// differences of each table, up to limit. Columns that say when a row was
// written (table.Versions) do not count, nor text for people that one side leaves
// out (table.FreeText). A table that is missing on one side is
// as good as an empty one; a folder that does not exist is an error.
func Diff(left, right string, limit int) (Report, error) {
	for _, dir := range []string{left, right} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return Report{}, fmt.Errorf("finaltable: %s is not a folder of tables: %w", dir, errors.Join(err, fs.ErrNotExist))
		}
	}
	r := Report{Tables: map[table.Name]Counts{}, Rows: map[table.Name][2]int64{}}
	for _, compare := range []func(left, right string, limit int, r *Report) error{
		diffTable[table.Bid], diffTable[table.Win], diffTable[table.Impression], diffTable[table.Click],
		diffTable[table.Conversion], diffTable[table.Attribution], diffTable[table.CampaignMinute],
		diffTable[table.CampaignHour], diffTable[table.CampaignDay], diffTable[table.SiteDay],
		diffTable[table.PipelineMinute], diffTable[table.Rejected],
	} {
		if err := compare(left, right, limit, &r); err != nil {
			return Report{}, err
		}
	}
	return r, nil
}

// errUnsorted ends a stream whose rows are not in key order.
var errUnsorted = errors.New("finaltable: rows are not sorted by key")

func diffTable[T any](left, right string, limit int, r *Report) error {
	c := newCodec[T]()
	if rows, err := sameBytes[T](filepath.Join(left, string(c.name)), filepath.Join(right, string(c.name))); err != nil {
		return fmt.Errorf("finaltable: comparing %s: %w", c.name, err)
	} else if rows >= 0 {
		r.Tables[c.name], r.Rows[c.name] = Counts{}, [2]int64{rows, rows}
		return nil
	}
	d := differ[T]{codec: c, limit: limit}
	a, b := open(c, left, false), open(c, right, false)
	err := d.run(a, b)
	if errors.Is(err, errUnsorted) {
		err = errors.Join(a.close(), b.close())
		a, b = open(c, left, true), open(c, right, true)
		d = differ[T]{codec: c, limit: limit}
		err = errors.Join(err, d.run(a, b))
	}
	if err := errors.Join(err, a.close(), b.close()); err != nil {
		return fmt.Errorf("finaltable: comparing %s: %w", c.name, err)
	}
	r.Tables[c.name] = d.counts
	r.Rows[c.name] = [2]int64{a.rows, b.rows}
	r.First = append(r.First, d.first...)
	return nil
}

// differ walks two sorted streams.
type differ[T any] struct {
	codec  *codec[T]
	limit  int
	counts Counts
	first  []Difference
}

func (d *differ[T]) run(a, b *stream[T]) error {
	if err := errors.Join(a.next(), b.next()); err != nil {
		return err
	}
	for a.ok || b.ok {
		var order int
		switch {
		case !b.ok:
			order = -1
		case !a.ok:
			order = 1
		default:
			order = bytes.Compare(a.key, b.key)
		}
		var err error
		switch {
		case order < 0:
			d.counts.OnlyLeft++
			d.example(Difference{Kind: "only_left", Key: d.show(a.key)})
			err = a.next()
		case order > 0:
			d.counts.OnlyRight++
			d.example(Difference{Kind: "only_right", Key: d.show(b.key)})
			err = b.next()
		default:
			if !bytes.Equal(a.rest, b.rest) {
				d.columns(a, b)
			}
			err = errors.Join(a.next(), b.next())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *differ[T]) example(x Difference) {
	if len(d.first) < d.limit {
		x.Table = d.codec.name
		d.first = append(d.first, x)
	}
}

// columns counts two rows as different and adds an example for each column that
// differs. Text for people (table.FreeText) counts only where both sides wrote
// some.
func (d *differ[T]) columns(a, b *stream[T]) {
	var x, y T
	d.codec.readRest(slices.Clone(a.rest), &x)
	d.codec.readRest(slices.Clone(b.rest), &y)
	key, differs := d.show(a.key), false
	for _, f := range d.codec.rest {
		l, r := f.show(reflect.ValueOf(x)), f.show(reflect.ValueOf(y))
		if l == r || (blank(l) || blank(r)) && slices.Contains(table.FreeText(), f.column.Name) {
			continue
		}
		differs = true
		d.example(Difference{Kind: "different", Key: key, Column: f.column.Name, Left: l, Right: r})
	}
	if differs {
		d.counts.Different++
	}
}

// blank reports whether a shown value is NULL or empty.
func blank(shown string) bool { return shown == "" || shown == `""` || shown == "NULL" }

func (d *differ[T]) show(key []byte) string {
	var row T
	d.codec.readKey(slices.Clone(key), &row)
	var parts []string
	for _, f := range d.codec.key {
		parts = append(parts, f.column.Name+"="+f.show(reflect.ValueOf(row)))
	}
	return strings.Join(parts, ",")
}

// stream yields the encoded rows of a table folder, by key.
type stream[T any] struct {
	codec *codec[T]
	dir   string

	ok        bool // key and rest hold a row
	key, rest []byte
	rows      int64

	paths  []string // files still to read
	opened bool
	file   *os.File
	reader *sinks.TableReader[T]
	batch  []T
	before []byte // the key before

	sorted *collector[T] // not nil: all rows, to be sorted in memory
	merged *spill.Reader
}

// open makes a stream of a table in a folder; in memory means that rows need
// not be sorted there.
func open[T any](c *codec[T], dir string, inMemory bool) *stream[T] {
	s := &stream[T]{codec: c, dir: filepath.Join(dir, string(c.name))}
	if inMemory {
		s.sorted = newCollector[T]("", math.MaxInt)
	}
	return s
}

// next advances to the next row; ok says whether there is one.
func (s *stream[T]) next() error {
	if s.sorted != nil {
		return s.nextSorted()
	}
	row, err := s.row()
	if err != nil || row == nil {
		s.ok = false
		return err
	}
	s.before = append(s.before[:0], s.key...)
	s.key = s.codec.appendKey(s.key[:0], row)
	s.rest = s.codec.appendRest(s.rest[:0], row)
	s.ok = true
	if s.rows++; s.rows > 1 && bytes.Compare(s.before, s.key) > 0 {
		return errUnsorted
	}
	return nil
}

// row is the next row of the files, nil after the last.
func (s *stream[T]) row() (*T, error) {
	for len(s.batch) == 0 {
		if s.reader == nil {
			if more, err := s.openNext(); err != nil || !more {
				return nil, err
			}
		}
		batch, err := s.reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			if err := s.closeFile(); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, fmt.Errorf("%s: %w", s.file.Name(), err)
		}
		s.batch = batch
	}
	row := &s.batch[0]
	s.batch = s.batch[1:]
	return row, nil
}

// openNext opens the next Parquet file of the folder and its subfolders.
func (s *stream[T]) openNext() (more bool, err error) {
	if !s.opened {
		s.opened = true
		if s.paths, err = parquetFiles(s.dir); err != nil {
			return false, err
		}
	}
	if len(s.paths) == 0 {
		return false, nil
	}
	if s.file, err = os.Open(s.paths[0]); err != nil {
		return false, err
	}
	s.paths = s.paths[1:]
	info, err := s.file.Stat()
	if err != nil {
		return false, err
	}
	if s.reader, err = sinks.OpenTable[T](s.file, info.Size()); err != nil {
		return false, fmt.Errorf("%s: %w", s.file.Name(), err)
	}
	return true, nil
}

// parquetFiles lists the files of a table in order; none when it is missing.
func parquetFiles(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".parquet") {
			paths = append(paths, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return paths, err
}

// nextSorted reads everything before the first row. A key that is there twice
// stays twice.
func (s *stream[T]) nextSorted() error {
	if s.merged == nil {
		if err := s.readAll(); err != nil {
			return err
		}
	}
	r, err := s.merged.Next()
	if err != nil {
		s.ok = false
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return err
	}
	s.key, s.rest = append(s.key[:0], r.Key...), append(s.rest[:0], r.Value[versionBytes:]...)
	s.ok = true
	s.rows++
	return nil
}

func (s *stream[T]) readAll() error {
	for {
		row, err := s.row()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		if err := s.sorted.add([]T{*row}); err != nil {
			return err
		}
	}
	merged, err := s.sorted.sorter.Sort()
	s.merged = merged
	return err
}

func (s *stream[T]) closeFile() (err error) {
	if s.reader != nil {
		err = s.reader.Close()
		s.reader = nil
	}
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
		s.file = nil
	}
	return err
}

func (s *stream[T]) close() error { return s.closeFile() }
