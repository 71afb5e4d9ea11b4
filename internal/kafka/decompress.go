package kafka

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs of a record batch.
const (
	codecGzip   = 1
	codecSnappy = 2
	codecLZ4    = 3
	codecZstd   = 4
)

// errTooLarge: a batch is over MaxBatchBytes when decompressed.
var errTooLarge = fmt.Errorf("it decompresses to more than %d bytes", MaxBatchBytes)

// decoder decompresses and decodes batches for one goroutine; it keeps the
// decompressors' tables between batches. close it at the end.
type decoder struct {
	gzip  *gzip.Reader
	lz4   *lz4.Reader
	zstd  *zstd.Decoder
	spare *spare   // where memory comes from, nil for new
	lent  [][]byte // what was unpacked and belongs to the piece under way
	ratio int      // of the last batch, in sixteenths; batches of a topic are alike
}

// room is how many bytes a batch will probably need.
func (d *decoder) room(src []byte) int {
	if d.ratio == 0 {
		d.ratio = 4 * 16
	}
	// An eighth more: a little too large wastes less than one copy.
	return max(512, min(len(src)*d.ratio/16*9/8, MaxBatchBytes))
}

// close frees the tables.
func (d *decoder) close() {
	if d.zstd != nil {
		d.zstd.Close()
	}
}

// decompress returns memory of its own, of at most MaxBatchBytes.
func (d *decoder) decompress(codec int16, src []byte) ([]byte, error) {
	out, err := d.unpack(codec, src)
	if err == nil && len(src) > 0 {
		d.ratio = min(len(out)*16/len(src)+1, 1<<16)
	}
	if d.spare != nil {
		d.lent = append(d.lent, out)
	}
	return out, err
}

func (d *decoder) unpack(codec int16, src []byte) ([]byte, error) {
	switch codec {
	case codecGzip:
		return d.inflate(d.openGzip, src, d.room(src))
	case codecSnappy:
		return d.unsnappy(src)
	case codecLZ4:
		return d.inflate(d.openLZ4, src, d.room(src))
	case codecZstd:
		return d.unzstd(src)
	}
	return nil, fmt.Errorf("codec %d is unknown", codec)
}

func (d *decoder) openGzip(src io.Reader) (io.Reader, error) {
	if d.gzip == nil {
		z, err := gzip.NewReader(src)
		d.gzip = z
		return z, err
	}
	return d.gzip, d.gzip.Reset(src)
}

func (d *decoder) openLZ4(src io.Reader) (io.Reader, error) {
	if d.lz4 == nil {
		d.lz4 = lz4.NewReader(nil)
	}
	d.lz4.Reset(src)
	return d.lz4, nil
}

func (d *decoder) openZstd(src io.Reader) (io.Reader, error) { return d.zstd, d.zstd.Reset(src) }

// unzstd decodes in one go where the frame says its size, as most clients'
// frames do.
func (d *decoder) unzstd(src []byte) (out []byte, err error) {
	if d.zstd == nil {
		if d.zstd, err = newZstd(); err != nil {
			return nil, err
		}
	}
	var head zstd.Header
	switch err = head.Decode(src); {
	case err != nil:
		return nil, err
	case !head.HasFCS:
		out, err = d.inflate(d.openZstd, src, d.room(src))
	case head.FrameContentSize > MaxBatchBytes:
		return nil, errTooLarge
	default:
		out, err = d.zstd.DecodeAll(src, d.spare.take(int(head.FrameContentSize)))
	}
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return nil, errTooLarge
	}
	return out, err
}

// newZstd is a decoder without goroutines whose memory is capped.
func newZstd() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(MaxBatchBytes), zstd.WithDecoderLowmem(true))
}

// snappyFrame begins the framing of Java's snappy library, which Java clients
// and sarama use: the magic, two int32 versions, then blocks with an int32
// length. Other clients send one bare block.
var snappyFrame = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

func (d *decoder) unsnappy(src []byte) ([]byte, error) {
	blocks, total, err := snappyBlocks(src)
	if err != nil {
		return nil, err
	}
	out := d.spare.take(total)[:total]
	at := 0
	for _, block := range blocks {
		part, err := snappy.Decode(out[at:], block)
		if err != nil {
			return nil, err
		}
		at += len(part)
	}
	return out, nil
}

// snappyBlocks are the blocks of a batch and their decoded size, which is known
// before anything is decoded.
func snappyBlocks(src []byte) (blocks [][]byte, total int, err error) {
	if !bytes.HasPrefix(src, snappyFrame) {
		blocks = [][]byte{src}
	} else {
		c := cursor{b: src[min(16, len(src)):]}
		for len(c.b) > 0 && !c.bad {
			blocks = append(blocks, c.take(int(c.int32())))
		}
		if c.bad {
			return nil, 0, io.ErrUnexpectedEOF
		}
	}
	for _, block := range blocks {
		n, err := snappy.DecodedLen(block)
		if err != nil {
			return nil, 0, err
		}
		if total += n; total > MaxBatchBytes {
			return nil, 0, errTooLarge
		}
	}
	return blocks, total, nil
}

// measureFrom is the size from which a batch is decompressed twice: once to know
// its size, once into memory of just that size. Growing up to the cap would need
// two or three times the cap, and a bomb would get it all.
const measureFrom = 8 << 20

// inflate decompresses src into memory of its own, starting with room for that
// many bytes.
func (d *decoder) inflate(open func(io.Reader) (io.Reader, error), src []byte, room int) ([]byte, error) {
	r, err := open(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	out := d.spare.take(min(room, measureFrom))
	for len(out) < measureFrom {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, err
		}
	}
	total := len(out)
	out = nil
	more, err := io.Copy(io.Discard, io.LimitReader(r, int64(MaxBatchBytes-total+1)))
	if total += int(more); err != nil || total > MaxBatchBytes {
		return nil, cmp.Or(err, errTooLarge)
	}
	if r, err = open(bytes.NewReader(src)); err != nil {
		return nil, err
	}
	out = make([]byte, total)
	_, err = io.ReadFull(r, out)
	return out, err
}
