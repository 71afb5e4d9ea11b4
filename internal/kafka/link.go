package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"

	"github.com/IBM/sarama"
	"github.com/rcrowley/go-metrics"
)

// setUp sets the two package variables of sarama and its metrics library that
// adjoin relies on. It runs before the first connection, and nothing else in
// the process may write them:
//   - MaxDecompressedBatchSize caps what sarama itself decompresses (its
//     default is no cap);
//   - nil metrics: each client would otherwise start a ticker that never ends.
var setUp = sync.OnceFunc(func() {
	sarama.MaxDecompressedBatchSize = MaxBatchBytes
	metrics.UseNilMetrics = true
})

// link is one connection to one broker. sarama opens it and uses it for every
// request but fetches, which are written on it directly (frame.go) while no
// other request is in flight. It is for one goroutine at a time, except abort.
type link struct {
	cfg    *Config
	addr   string
	broker *sarama.Broker
	dialed *dialer
	frame  []byte // of the last fetch request, reused
	answer []byte // of the last fetch, which its blocks alias
	spare  *spare // where memory for answers comes from, nil for new
	calls  int32  // correlation id of the last fetch
}

// dialer makes the network connection for sarama, TLS included, and keeps it,
// so that it can be closed under a request that waits.
type dialer struct {
	ctx context.Context
	cfg *Config
	tls *tls.Config

	mu   sync.Mutex
	conn net.Conn
	dead bool
}

// Dial is called once, by sarama.
func (d *dialer) Dial(network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, d.cfg.DialTimeout)
	defer cancel()
	conn, err := d.cfg.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if d.tls != nil {
		secure := tls.Client(conn, d.tlsFor(addr))
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, &handshakeError{err}
		}
		conn = secure
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		conn.Close()
		return nil, net.ErrClosed
	}
	d.conn = conn
	return conn, nil
}

// tlsFor is the configuration with the broker's own host name to verify.
func (d *dialer) tlsFor(addr string) *tls.Config {
	if d.tls.ServerName != "" {
		return d.tls
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	out := d.tls.Clone()
	out.ServerName = host
	return out
}

// abort closes the connection now, whatever waits on it.
func (d *dialer) abort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	if d.conn != nil {
		d.conn.Close()
	}
}

// handshakeError marks an error of the TLS handshake.
type handshakeError struct{ error }

func (e *handshakeError) Unwrap() error { return e.error }

// dial opens a connection and logs in. ctx bounds the opening only.
func dial(ctx context.Context, cfg *Config, addr string) (*link, error) {
	setUp()
	d := &dialer{ctx: ctx, cfg: cfg}
	if cfg.TLS.Enabled {
		var err error
		if d.tls, err = cfg.TLS.tlsConfig(); err != nil {
			return nil, err
		}
	}
	conf, err := cfg.sarama(d)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, d.abort)
	defer stop()
	l := &link{cfg: cfg, addr: addr, broker: sarama.NewBroker(addr), dialed: d}
	if err := l.broker.Open(conf); err != nil {
		return nil, cfg.explain(addr, err)
	}
	if up, err := l.broker.Connected(); !up {
		l.close()
		if ctx.Err() != nil {
			return nil, stopped(ctx, addr)
		}
		if err == nil {
			err = fmt.Errorf("closed while connecting")
		}
		return nil, cfg.explain(addr, err)
	}
	return l, nil
}

// sarama is the client's configuration for one connection.
func (c *Config) sarama(d *dialer) (*sarama.Config, error) {
	conf := sarama.NewConfig()
	// The least version with topic ids; newer ones bring no newer fetch or
	// metadata request.
	conf.Version = sarama.V2_8_0_0
	conf.ClientID = c.ClientID
	conf.Net.MaxOpenRequests = 1
	conf.Net.DialTimeout = c.DialTimeout
	conf.Net.ReadTimeout = c.ReadTimeout
	conf.Net.WriteTimeout = c.ReadTimeout
	conf.Net.Proxy.Enable = true
	conf.Net.Proxy.Dialer = d
	conf.Metadata.AllowAutoTopicCreation = false
	return conf, c.SASL.apply(conf)
}

// abort closes the network connection under whatever waits on it.
func (l *link) abort() { l.dialed.abort() }

// close closes the connection and waits for its reader.
func (l *link) close() {
	l.abort()
	// Its own answer to a closed connection says nothing new.
	_ = l.broker.Close()
}

// call sends one request of sarama's and waits for the answer, or for ctx. After
// an error the link must be closed: sarama's Broker does not recover.
func call[Q, A any](ctx context.Context, l *link, send func(Q) (A, error), q Q) (A, error) {
	stop := context.AfterFunc(ctx, l.abort)
	defer stop()
	a, err := send(q)
	switch {
	case err == nil:
		return a, nil
	case ctx.Err() != nil:
		return a, stopped(ctx, l.addr)
	}
	return a, l.cfg.explain(l.addr, err)
}
