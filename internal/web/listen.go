package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// ListenError says that a listener could not be opened, and what to do. It
// unwraps to the system's error: errors.Is(err, syscall.EADDRINUSE) asks for a
// port that is taken.
type ListenError struct {
	Setting string // server.listen or server.admin
	Addr    string // as configured
	Err     error
}

// Error names the setting, the cause and the way out.
func (e *ListenError) Error() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("%s: another process listens on %s already; stop it (%s shows which), or choose another port: %s", e.Setting, e.Addr, e.who(), e.flag())
	case errors.Is(e.Err, fs.ErrPermission):
		return fmt.Sprintf("%s: this user may not listen on %s (ports below 1024 need a privilege); choose another port: %s", e.Setting, e.Addr, e.flag())
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("%s: %s is not an address of this machine; use 127.0.0.1 for this machine alone or 0.0.0.0 for all its addresses", e.Setting, e.Addr)
	case errors.Is(e.Err, ErrNotLoopback):
		return fmt.Sprintf("%s: %s can be reached from other machines and has no login; use 127.0.0.1, and a tunnel to get there", e.Setting, e.Addr)
	}
	return fmt.Sprintf("%s: listening on %s: %v; write for example 127.0.0.1:8080", e.Setting, e.Addr, e.Err)
}

// Unwrap is the cause.
func (e *ListenError) Unwrap() error { return e.Err }

func (e *ListenError) who() string {
	_, port, err := net.SplitHostPort(e.Addr)
	if err != nil {
		port = "PORT"
	}
	return fmt.Sprintf("ss -ltnp 'sport = :%s'", port)
}

func (e *ListenError) flag() string {
	if e.Setting == settingAdmin {
		return "--admin 127.0.0.1:PORT (0 takes a free one)"
	}
	return "--listen 127.0.0.1:PORT (0 takes a free one)"
}

// ErrNotLoopback: the administrative listener was given an address that other
// machines can reach.
var ErrNotLoopback = errors.New("not a loopback address")

const (
	settingPublic = "server.listen"
	settingAdmin  = "server.admin"
)

// listen opens one listener. Whether an address is loopback is asked of what
// was bound, so that a name in the hosts file cannot say otherwise.
func listen(setting, addr string, loopbackOnly bool) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, &ListenError{Setting: setting, Addr: addr, Err: err}
	}
	if loopbackOnly && !isLoopback(l.Addr()) {
		return nil, errors.Join(&ListenError{Setting: setting, Addr: addr, Err: ErrNotLoopback}, l.Close())
	}
	return &limited{Listener: l, max: connectionsMax}, nil
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// limited closes connections beyond max as they come. Not accepting them would
// let those who hold connections open and say nothing keep /healthz from being
// asked; accepting all would let them take the file descriptors that Kafka and
// the files need.
type limited struct {
	net.Listener
	max  int64
	open atomic.Int64
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.max {
			return &counted{Conn: c, done: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		_ = c.Close() // the peer is told nothing, and we need nothing from it
	}
}

type counted struct {
	net.Conn
	done func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.done()
	return c.Conn.Close()
}
