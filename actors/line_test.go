package actors

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// line is a network that can be cut.
type line struct {
	mu    sync.Mutex
	match func(request []byte) bool // what it cuts
	after bool                      // the request arrives, its answer does not
	down  bool                      // nothing passes
	cuts  int
	conns map[net.Conn]struct{}
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	down := l.down
	l.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = map[net.Conn]struct{}{}
	}
	l.conns[c] = struct{}{}
	return &tapped{Conn: c, line: l}, nil
}

// set takes the network down, with every connection, or up again.
func (l *line) set(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	if down {
		for c := range l.conns {
			c.Close()
		}
		clear(l.conns)
	}
}

type tapped struct {
	net.Conn
	line *line
}

func (c *tapped) Write(p []byte) (int, error) {
	l := c.line
	l.mu.Lock()
	hit := l.match != nil && l.match(p)
	if hit {
		l.cuts++
		l.match, l.down = nil, true
	}
	after := l.after
	l.mu.Unlock()
	switch {
	case hit && after:
		n, err := c.Conn.Write(p)
		time.Sleep(100 * time.Millisecond) // the broker takes it
		c.Conn.Close()
		return n, err
	case hit:
		c.Conn.Close()
		return 0, errors.New("the network broke")
	}
	return c.Conn.Write(p)
}

// aCommit recognises the produce request of a commit: it goes to the journal and
// names segments.
func aCommit(request []byte) bool {
	return len(request) > 8 && binary.BigEndian.Uint16(request[4:]) == 0 &&
		bytes.Contains(request, []byte("journal")) && bytes.Contains(request, []byte("user-0-"))
}
