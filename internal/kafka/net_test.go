package kafka

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// wire makes connections for a Config whose network a test can break.
type wire struct {
	mu    sync.Mutex
	conns []*wireConn
	// deaf swallows answers: the request arrives, the answer never does.
	deaf atomic.Bool
	// mute swallows requests: nothing arrives, and no error tells.
	mute atomic.Bool
	// down refuses connections.
	down atomic.Bool
	// spoil may change what arrives.
	spoil atomic.Pointer[func([]byte)]
}

type wireConn struct {
	net.Conn
	w *wire
}

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if w.down.Load() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.ErrClosed}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := &wireConn{conn, w}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, c)
	return c, nil
}

// cut closes every connection.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (c *wireConn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if err != nil || !c.w.deaf.Load() {
			if spoil := c.w.spoil.Load(); spoil != nil {
				(*spoil)(b[:n])
			}
			return n, err
		}
	}
}

func (c *wireConn) Write(b []byte) (int, error) {
	if c.w.mute.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// through is cfg over a wire, with short patience.
func through(cfg Config) (Config, *wire) {
	w := &wire{}
	cfg.Dial = w.dial
	cfg.ReadTimeout = 400 * time.Millisecond
	return cfg, w
}
