package avrobid

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"

	"github.com/twmb/avro/ocf"

	"github.com/advertisex/adjoin/internal/event"
)

// syncSize is the length of the marker that ends a container's header and each
// of its blocks.
const syncSize = 16

// maxMetadata bounds the entries of a container's header.
const maxMetadata = 256

// container decodes the bids of a container file. They are lines from 0. A
// datum or block that cannot be read ends the file with a rejection at the
// place of the bid that it would have held.
func (d *Decoder) container(b []byte) {
	c := cursor{b: b[len(containerMagic):], most: maxMetadata}
	meta := c.metadata()
	sync := c.take(syncSize)
	if c.bad {
		d.reject(0, event.BadAvro, "", "the container's header breaks off", b)
		return
	}
	w, why := d.containedWriter(meta["avro.schema"])
	if w == nil {
		d.reject(0, event.BadAvro, "", why, b)
		return
	}
	line := int32(0)
	for len(c.b) > 0 {
		if line = d.block(&c, w, meta["avro.codec"], sync, line); line < 0 {
			return
		}
	}
	if line == 0 {
		d.reject(0, event.Empty, "", "a container without data", nil)
	}
}

// metadata reads the map of a container's header.
func (c *cursor) metadata() map[string]string {
	meta := make(map[string]string)
	for n := c.block(leastPair, 0); n > 0; n = c.block(leastPair, len(meta)) {
		for range n {
			key := c.string()
			meta[key] = c.string()
		}
	}
	return meta
}

// take reads n bytes as they are.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.fail()
		return nil
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

// containedWriter is the schema in a container's header, or why it is none.
func (d *Decoder) containedWriter(text string) (*writer, string) {
	if w := d.contained[text]; w != nil {
		return w, ""
	}
	// The writer keeps names out of the text, and the record's memory is used
	// again.
	text = strings.Clone(text)
	w, err := compile(text)
	if err != nil {
		return nil, "the container's schema is none of bids"
	}
	if len(d.contained) >= cachedSchemas {
		clear(d.contained)
	}
	d.contained[text] = w
	return w, ""
}

// block decodes one block whose first datum is line; the line of the next, -1
// when the file cannot be read on.
func (d *Decoder) block(c *cursor, w *writer, codec string, sync []byte, line int32) int32 {
	whole := c.b
	count, size := c.long(), c.long()
	data := c.take(int(min(size, int64(len(c.b))+1)))
	if marker := c.take(syncSize); c.bad || count < 0 || !bytes.Equal(marker, sync) {
		d.reject(line, event.BadAvro, "", "a block breaks off", whole)
		return -1
	}
	data, err := d.unpack.block(codec, data)
	if err != nil {
		reason := event.BadAvro
		if d.unpack.bomb {
			reason = event.TooLarge
		}
		d.reject(line, reason, "", "a block cannot be decompressed within max_record_bytes", whole)
		return -1
	}
	for range count {
		rest, how := d.one(w, data, line, data)
		switch how {
		case broken:
			return -1
		case readable:
			d.emit(line, data[:len(data)-len(rest)])
		}
		data = rest
		line++
	}
	if len(data) > 0 {
		d.reject(line, event.BadAvro, "", "a block holds more than its count says", data)
		return -1
	}
	return line
}

// unpacker decompresses blocks, never to more than limit bytes.
type unpacker struct {
	limit int
	zstd  ocf.Codec
	bomb  bool // the last failure was one of size
}

// block is the data of a block, aliasing b where it is not compressed.
func (u *unpacker) block(codec string, b []byte) ([]byte, error) {
	u.bomb = false
	var c ocf.Codec
	switch codec {
	case "", "null":
		return b, nil
	case "deflate":
		c = ocf.DeflateCodec(flate.DefaultCompression)
	case "snappy":
		c = ocf.SnappyCodec()
	case "zstandard":
		if u.zstd == nil {
			zstd, err := ocf.ZstdCodec(nil, nil)
			if err != nil {
				return nil, err
			}
			u.zstd = zstd
		}
		c = u.zstd
	default:
		return nil, fmt.Errorf("no codec %q", codec)
	}
	bounded, ok := c.(ocf.BoundedDecompressor)
	if !ok {
		return nil, fmt.Errorf("codec %q has no bound", codec)
	}
	data, err := bounded.DecompressBounded(b, int64(u.limit))
	if err != nil || len(data) > u.limit {
		u.bomb = looksLarge(err)
		return nil, fmt.Errorf("codec %q: %w", codec, err)
	}
	return data, nil
}

// looksLarge tells a block that is too large from one that is corrupt.
func looksLarge(err error) bool { return err == nil || strings.Contains(err.Error(), "exceed") }
