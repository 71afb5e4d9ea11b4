package kafka

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Fetch requests and answers, version 11: the newest that is not "flexible",
// spoken by Apache Kafka 2.3 to 4.4. Layouts (big-endian; STRING has a 16-bit
// length, ARRAY and BYTES a 32-bit one):
//
//	request   size int32, key int16 = 1, version int16 = 11, correlation int32, client STRING,
//	          replica int32 = -1, max wait ms int32, min bytes int32, max bytes int32,
//	          isolation int8, session id int32 = 0, session epoch int32 = -1,
//	          ARRAY{topic STRING, ARRAY{partition int32, leader epoch int32, offset int64,
//	                                    log start int64 = -1, max bytes int32}},
//	          forgotten ARRAY = 0, rack STRING = ""
//	answer    size int32, correlation int32, throttle ms int32, error int16, session id int32,
//	          ARRAY{topic STRING, ARRAY{partition int32, error int16, high watermark int64,
//	                last stable int64, log start int64, aborted ARRAY{producer int64, first int64},
//	                preferred replica int32, records BYTES}}
//
// Session epoch -1 means no session: 0 would open one with every request and
// soon take all of the broker's slots, which its other clients share.
const (
	fetchKey     = 1
	fetchVersion = 11

	// maxFetchBytes bounds what one fetch asks for over all partitions, by the
	// limit it gives to each.
	maxFetchBytes = 32 << 20
	// maxAnswer is the limit asked for over the whole answer. It is no real
	// limit: the embedded broker leaves out the list of aborted transactions
	// where it stops at it.
	maxAnswer = 128 << 20
	// maxFrame bounds an answer that is read. A broker sends one batch even
	// over the limits asked for, so this exceeds them by a batch.
	maxFrame = maxAnswer + MaxBatchBytes
)

// fetchRequest is a fetch of several partitions of one broker. The wants of one
// topic must follow each other.
type fetchRequest struct {
	wants    []want
	maxWait  time.Duration
	maxBytes int // for each partition
}

// want is a partition and the position to fetch from.
type want struct {
	event.Partition
	offset event.Offset
	epoch  int32 // of the leader as we know it, -1 for unknown
	gen    uint32
}

// fetchBlock is the answer for one partition. aborted and records alias the
// frame.
type fetchBlock struct {
	event.Partition
	err        int16
	high       event.Offset
	stable     event.Offset
	aborted    []abortedTxn
	records    []byte
	answeredAt int // place of the partition in the request
}

// abortedTxn says that a producer's transaction beginning at first was aborted.
type abortedTxn struct {
	producer int64
	first    event.Offset
}

// fetch sends a fetch and waits for its answer. After an error the link must be
// closed.
func (l *link) fetch(req *fetchRequest) ([]fetchBlock, error) {
	l.calls++
	l.frame = appendFetch(l.frame[:0], l.calls, l.cfg.ClientID, req)
	conn := l.dialed.conn
	deadline := time.Now().Add(req.maxWait + l.cfg.ReadTimeout)
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, l.cfg.explain(l.addr, err)
	}
	if _, err := conn.Write(l.frame); err != nil {
		return nil, l.cfg.explain(l.addr, err)
	}
	frame, err := readFrame(conn, l.spare)
	if err != nil {
		return nil, l.cfg.explain(l.addr, err)
	}
	l.answer = frame
	blocks, code, err := parseFetch(frame, l.calls, req)
	if err != nil {
		return nil, l.cfg.explain(l.addr, err)
	}
	if code != 0 {
		return nil, refusal(kerr(code), l.addr+" refused a fetch")
	}
	return blocks, nil
}

func appendFetch(b []byte, id int32, client string, req *fetchRequest) []byte {
	be := binary.BigEndian
	b = append(b, 0, 0, 0, 0)
	b = be.AppendUint16(b, fetchKey)
	b = be.AppendUint16(b, fetchVersion)
	b = be.AppendUint32(b, uint32(id))
	b = appendString(b, client)
	b = be.AppendUint32(b, ^uint32(0))
	b = be.AppendUint32(b, uint32(req.maxWait.Milliseconds()))
	b = be.AppendUint32(b, 1)
	b = be.AppendUint32(b, maxAnswer)
	b = append(b, 1) // read_committed
	b = be.AppendUint32(b, 0)
	b = be.AppendUint32(b, ^uint32(0))
	each := min(req.maxBytes, maxFetchBytes/len(req.wants))
	topics := 0
	topicsAt := len(b)
	b = append(b, 0, 0, 0, 0)
	for i := 0; i < len(req.wants); {
		n := i + 1
		for n < len(req.wants) && req.wants[n].Topic == req.wants[i].Topic {
			n++
		}
		b = appendString(b, req.wants[i].Topic)
		b = be.AppendUint32(b, uint32(n-i))
		for _, w := range req.wants[i:n] {
			b = be.AppendUint32(b, uint32(w.ID))
			b = be.AppendUint32(b, uint32(w.epoch))
			b = be.AppendUint64(b, uint64(w.offset))
			b = be.AppendUint64(b, ^uint64(0))
			b = be.AppendUint32(b, uint32(each))
		}
		topics++
		i = n
	}
	be.PutUint32(b[topicsAt:], uint32(topics))
	b = be.AppendUint32(b, 0)
	b = appendString(b, "")
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// readFrame reads one answer into memory of its own: records alias it.
func readFrame(r io.Reader, from *spare) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return nil, fmt.Errorf("an answer of %d bytes is over the limit of %d", size, maxFrame)
	}
	frame := from.take(int(size))[:size]
	_, err := io.ReadFull(r, frame)
	return frame, err
}

// parseFetch takes an answer apart. Partitions that were not asked for are left
// out.
func parseFetch(frame []byte, id int32, req *fetchRequest) (blocks []fetchBlock, code int16, err error) {
	c := cursor{b: frame}
	if got := c.int32(); got != id {
		return nil, 0, fmt.Errorf("the answer is to request %d, not to %d", got, id)
	}
	c.int32() // throttle time: the broker has already waited
	code = c.int16()
	c.int32()
	blocks = make([]fetchBlock, 0, len(req.wants))
	for topics := c.int32(); topics > 0 && !c.bad; topics-- {
		topic := c.take(int(c.int16()))
		for n := c.int32(); n > 0 && !c.bad; n-- {
			bl := parseBlock(&c)
			for i, w := range req.wants {
				if w.ID == bl.ID && w.Topic == string(topic) {
					bl.Topic, bl.answeredAt = w.Topic, i
					blocks = append(blocks, bl)
				}
			}
		}
	}
	if c.bad {
		return nil, 0, fmt.Errorf("a fetch answer of %d bytes cannot be parsed", len(frame))
	}
	return blocks, code, nil
}

func parseBlock(c *cursor) fetchBlock {
	var bl fetchBlock
	bl.ID = c.int32()
	bl.err = c.int16()
	bl.high = event.Offset(c.int64())
	bl.stable = event.Offset(c.int64())
	c.int64() // log start
	for n := c.int32(); n > 0 && !c.bad; n-- {
		bl.aborted = append(bl.aborted, abortedTxn{c.int64(), event.Offset(c.int64())})
	}
	c.int32() // preferred replica: we name no rack, so there is none
	bl.records = c.bytes(int64(c.int32()))
	return bl
}
