package rowfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"reflect"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Sizes that are no matter of choice.
const (
	// blockRows are added to a column in one go. Pages end between blocks, counted
	// from the beginning of the row group, so that the file does not depend on how
	// its rows were handed over.
	blockRows = 512
	// pageEntries bounds a page of what takes next to no bytes: runs of NULL.
	pageEntries = 32 << 10
	magic       = "PAR1"
)

// Format is what the files of a Writer have in common.
type Format struct {
	Schema    *parquet.Schema
	Codec     compress.Codec
	CreatedBy string
	// PageBytes bounds a column's page before compression, to a block of 512 rows.
	PageBytes int
	// GroupRows is how many rows make a row group.
	GroupRows int
	// DictionaryBytes bounds a column's dictionary in a row group; beyond it the
	// column goes on as plain text.
	DictionaryBytes int
	// Bounded says of which columns the footer holds the least and greatest value:
	// whole numbers, times, and text with a dictionary.
	Bounded func(column string) bool
}

// Writer writes one file after the other. It is for one goroutine. What it was
// given is not kept: rows may change after Write.
type Writer[T any] struct {
	format  Format
	footer  format.FileMetaData // of an empty file, and the row groups written
	columns []column
	size    uintptr // of a row

	out    io.Writer
	offset int64
	rows   int   // in the open row group
	total  int64 // in those before

	free   pieces
	raw    []byte // a page before compression
	packed []byte // and after
	head   bytes.Buffer
}

// New begins a file. It panics when T is no row of the schema.
func New[T any](out io.Writer, f Format) *Writer[T] {
	w := &Writer[T]{format: f, out: out}
	row := reflect.TypeFor[T]()
	w.size = row.Size()
	for _, l := range leavesOf(row, f.Schema.Columns()) {
		c := column{leaf: l}
		c.endGroup()
		w.columns = append(w.columns, c)
	}
	w.footer = footerOf[T](f)
	return w
}

// footerOf is what the library says of a file without rows.
func footerOf[T any](f Format) format.FileMetaData {
	var b bytes.Buffer
	empty := parquet.NewGenericWriter[T](&b, f.Schema)
	if err := empty.Close(); err != nil {
		panic(fmt.Sprintf("rowfile: a file without rows: %v", err)) // no device is involved
	}
	file, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		panic(fmt.Sprintf("rowfile: a file without rows: %v", err))
	}
	footer := *file.Metadata()
	footer.CreatedBy, footer.RowGroups = f.CreatedBy, nil
	return footer
}

// Reset begins another file and forgets one that was not closed.
func (w *Writer[T]) Reset(out io.Writer) {
	for i := range w.columns {
		c := &w.columns[i]
		c.endPage()
		c.endGroup()
		w.free.put(&c.pages)
	}
	w.out, w.offset, w.rows, w.total = out, 0, 0, 0
	w.footer.RowGroups = nil
}

// Write adds rows. The error is that of the output, after which the file is of no
// use.
func (w *Writer[T]) Write(rows []T) error {
	for len(rows) > 0 {
		n := min(len(rows), blockRows-w.rows%blockRows, w.format.GroupRows-w.rows)
		first := unsafe.Pointer(&rows[0])
		for i := range w.columns {
			w.columns[i].add(first, n, w.size)
		}
		w.rows += n
		rows = rows[n:]
		if w.rows%blockRows == 0 {
			if err := w.endBlock(); err != nil {
				return err
			}
		}
		if w.rows == w.format.GroupRows {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

// endBlock ends the pages that are large enough.
func (w *Writer[T]) endBlock() error {
	for i := range w.columns {
		c := &w.columns[i]
		full := c.coded && !c.plain && len(c.dict.plain) > w.format.DictionaryBytes
		if full || c.held() >= w.format.PageBytes || c.levels >= pageEntries {
			if err := w.endPage(c); err != nil {
				return err
			}
		}
		c.plain = c.plain || full
	}
	return nil
}

// endPage compresses a column's open page, if there is one.
func (w *Writer[T]) endPage(c *column) error {
	if c.levels == 0 {
		return nil
	}
	w.raw = c.appendPage(w.raw[:0])
	encoding := format.Plain
	if c.coded && !c.plain {
		encoding = format.RLEDictionary
	}
	head := format.PageHeader{Type: format.DataPage}
	head.DataPageHeader.V = format.DataPageHeader{
		NumValues: int32(c.levels), Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	}
	head.DataPageHeader.Valid = true
	if err := w.pack(&head); err != nil {
		return fmt.Errorf("column %v: %w", c.path, err)
	}
	w.free.add(&c.pages, w.head.Bytes())
	w.free.add(&c.pages, w.packed)
	c.size += int64(w.head.Len() + len(w.raw))
	c.endPage()
	return nil
}

// pack compresses w.raw to w.packed and completes its head in w.head.
func (w *Writer[T]) pack(head *format.PageHeader) (err error) {
	if w.packed, err = w.format.Codec.Encode(w.packed[:0], w.raw); err != nil {
		return fmt.Errorf("compressing a page: %w", err)
	}
	head.UncompressedPageSize, head.CompressedPageSize = int32(len(w.raw)), int32(len(w.packed))
	head.CRC = int32(crc32.ChecksumIEEE(w.packed))
	w.head.Reset()
	return thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&w.head)).Encode(head)
}

// endGroup writes the open row group.
func (w *Writer[T]) endGroup() error {
	group := format.RowGroup{NumRows: int64(w.rows), Ordinal: int16(len(w.footer.RowGroups))}
	for i := range w.columns {
		c := &w.columns[i]
		if err := w.endPage(c); err != nil {
			return err
		}
		chunk, err := w.writeChunk(c)
		if err != nil {
			return err
		}
		if i == 0 {
			group.FileOffset = chunk.FileOffset
		}
		group.Columns = append(group.Columns, chunk)
		group.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
		c.endGroup()
	}
	w.footer.RowGroups = append(w.footer.RowGroups, group)
	w.total += int64(w.rows)
	w.rows = 0
	return nil
}

// writeChunk writes a column of a row group: its dictionary, then its pages.
func (w *Writer[T]) writeChunk(c *column) (format.ColumnChunk, error) {
	if err := w.begin(); err != nil {
		return format.ColumnChunk{}, err
	}
	m := format.ColumnMetaData{
		Type:         w.typeOf(c),
		Encoding:     []format.Encoding{format.Plain, format.RLE},
		PathInSchema: c.path,
		Codec:        w.format.Codec.CompressionCodec(),
		NumValues:    c.entries,
		Statistics:   w.statistics(c),
	}
	begin := w.offset
	if c.coded {
		m.Encoding = append(m.Encoding, format.RLEDictionary)
		m.DictionaryPageOffset = begin
		if err := w.writeDictionary(c); err != nil {
			return format.ColumnChunk{}, err
		}
	}
	m.DataPageOffset = w.offset
	for _, piece := range c.pages.list {
		if err := w.put(piece); err != nil {
			return format.ColumnChunk{}, err
		}
	}
	w.free.put(&c.pages)
	m.TotalUncompressedSize, m.TotalCompressedSize = c.size, w.offset-begin
	return format.ColumnChunk{FileOffset: begin, MetaData: m}, nil
}

func (w *Writer[T]) writeDictionary(c *column) error {
	w.raw = append(w.raw[:0], c.dict.plain...)
	head := format.PageHeader{Type: format.DictionaryPage}
	head.DictionaryPageHeader.V = format.DictionaryPageHeader{NumValues: int32(len(c.dict.at)), Encoding: format.Plain}
	head.DictionaryPageHeader.Valid = true
	if err := w.pack(&head); err != nil {
		return fmt.Errorf("column %v: %w", c.path, err)
	}
	c.size += int64(w.head.Len() + len(w.raw))
	if err := w.put(w.head.Bytes()); err != nil {
		return err
	}
	return w.put(w.packed)
}

func (w *Writer[T]) typeOf(c *column) format.Type {
	switch c.shape {
	case long:
		if !c.signed {
			return format.Double
		}
		return format.Int64
	case short:
		return format.Int32
	case truth:
		return format.Boolean
	case decimal:
		return format.FixedLenByteArray
	}
	return format.ByteArray
}

// statistics are a column's NULLs and, where asked for and known, its bounds.
func (w *Writer[T]) statistics(c *column) (s format.Statistics) {
	s.NullCount = c.absences
	if c.entries == c.absences || !w.format.Bounded(c.path[0]) || c.plain {
		return s
	}
	switch {
	case c.shape == long && c.signed:
		s.MinValue = binary.LittleEndian.AppendUint64(nil, uint64(c.low))
		s.MaxValue = binary.LittleEndian.AppendUint64(nil, uint64(c.high))
	case c.shape == short:
		s.MinValue = binary.LittleEndian.AppendUint32(nil, uint32(c.low))
		s.MaxValue = binary.LittleEndian.AppendUint32(nil, uint32(c.high))
	case c.shape == text && c.coded:
		low, high := c.dict.bounds()
		s.MinValue, s.MaxValue = []byte(low), []byte(high)
	}
	return s
}

// Close completes the file.
func (w *Writer[T]) Close() error {
	if w.rows > 0 {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	if err := w.begin(); err != nil {
		return err
	}
	w.footer.NumRows = w.total
	w.head.Reset()
	if err := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&w.head)).Encode(&w.footer); err != nil {
		return fmt.Errorf("the footer: %w", err)
	}
	size := w.head.Len()
	w.head.Write(binary.LittleEndian.AppendUint32(nil, uint32(size)))
	w.head.WriteString(magic)
	w.free.trim()
	return w.put(w.head.Bytes())
}

// begin writes what every file begins with, once.
func (w *Writer[T]) begin() error {
	if w.offset > 0 {
		return nil
	}
	return w.put([]byte(magic))
}

func (w *Writer[T]) put(b []byte) error {
	n, err := w.out.Write(b)
	w.offset += int64(n)
	return err
}
