package dump

// Header is one Kafka record header.
type Header struct {
	Key   string
	Value []byte // nil is null
}

// Record is one Kafka record. A nil Key or Value is Kafka's null, which differs
// from an empty one.
type Record struct {
	Topic       string
	Partition   int32
	Offset      int64 // NextOffset: let Folder number it
	TimestampMS int64 // Kafka record timestamp, milliseconds since 1970
	Key, Value  []byte
	Headers     []Header
}

// NextOffset asks Folder.Write for the next free offset of the partition.
const NextOffset = -1

// MaxLine bounds one line of a dump: a record of 100 MiB, the largest a broker
// is ever configured for, in base64 and with its envelope.
const MaxLine = 136 << 20

// clone copies everything the record points to.
func (r *Record) clone() Record {
	c := *r
	c.Key, c.Value = cloneBytes(r.Key), cloneBytes(r.Value)
	c.Headers = nil
	for _, h := range r.Headers {
		c.Headers = append(c.Headers, Header{Key: h.Key, Value: cloneBytes(h.Value)})
	}
	return c
}

// cloneBytes keeps the difference between nil and empty.
func cloneBytes(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// size is roughly what the record holds in memory.
func (r *Record) size() int {
	n := 128 + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += 64 + len(h.Key) + len(h.Value)
	}
	return n
}
