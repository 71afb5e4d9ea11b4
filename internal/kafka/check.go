package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Verdict is the outcome of one step of Check.
type Verdict string

// The verdicts.
const (
	Pass   Verdict = "ok"
	Advice Verdict = "advice"  // works, could be better
	Warn   Verdict = "warning" // works now, may lose data
	Fail   Verdict = "failed"
	Skip   Verdict = "skipped" // an earlier step failed
)

// Step is one line of adjoin check kafka.
type Step struct {
	Name    string // resolve, connect, tls, login, metadata, topic, rights, retention, durability, time
	Where   string // broker or topic
	Verdict Verdict
	Detail  string // what was found
	Code    string // of a failure
	Hint    string // what to do about it
	Class   Class  // of a failure
}

// CheckConfig says what Check looks at.
type CheckConfig struct {
	Sources []string    // topics read
	Own     []TopicSpec // topics written; nil: OwnTopics
}

// Check goes through the connection step by step, from the name of each broker
// to the rights on each topic, and says what it found. It changes nothing. The
// error is the first failed step as an Error, nil when no step failed.
func Check(ctx context.Context, cfg Config, cc CheckConfig) ([]Step, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cc.Own == nil {
		cc.Own = OwnTopics()
	}
	c := &checker{cfg: &cfg}
	reached := false
	for _, addr := range cfg.Brokers {
		reached = c.broker(ctx, addr) || reached
	}
	if !reached {
		c.skip("metadata", "topic", "rights")
		return c.steps, c.first
	}
	c.cluster(ctx, cc)
	return c.steps, c.first
}

// checker collects steps.
type checker struct {
	cfg   *Config
	steps []Step
	first error // of the first failed step
}

func (c *checker) add(name, where string, v Verdict, detail, hint string) {
	c.steps = append(c.steps, Step{Name: name, Where: where, Verdict: v, Detail: detail, Hint: hint})
}

// fail adds a failed step; it returns false.
func (c *checker) fail(name, where string, err error) bool {
	e := &Error{}
	if !errors.As(err, &e) {
		e = c.cfg.explain(where, err)
	}
	if c.first == nil {
		c.first = e
	}
	c.steps = append(c.steps, Step{Name: name, Where: where, Verdict: Fail, Detail: e.What, Code: e.Code, Hint: e.Hint, Class: e.Class})
	return false
}

func (c *checker) skip(names ...string) {
	for _, name := range names {
		c.add(name, "", Skip, "no broker was reached", "")
	}
}

// broker goes from a broker's name to a log-in.
func (c *checker) broker(ctx context.Context, addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return c.fail("resolve", addr, err)
	}
	if net.ParseIP(host) == nil {
		found, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			return c.fail("resolve", addr, err)
		}
		c.add("resolve", addr, Pass, strings.Join(found, ", "), "")
	}
	started := time.Now()
	dialing, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	conn, err := c.cfg.Dial(dialing, "tcp", addr)
	if err != nil {
		return c.fail("connect", addr, err)
	}
	defer conn.Close()
	c.add("connect", addr, Pass, "in "+time.Since(started).Round(time.Millisecond).String(), "")
	return c.tls(dialing, addr, conn) && c.login(ctx, addr)
}

// tls shakes hands and looks at the certificate's end.
func (c *checker) tls(ctx context.Context, addr string, conn net.Conn) bool {
	if !c.cfg.TLS.Enabled {
		c.add("tls", addr, Advice, "off", "Records cross the network readable; enable TLS unless the network is trusted.")
		return true
	}
	conf, err := c.cfg.TLS.tlsConfig()
	if err != nil {
		return c.fail("tls", addr, err)
	}
	d := dialer{tls: conf}
	secure := tls.Client(conn, d.tlsFor(addr))
	if err := secure.HandshakeContext(ctx); err != nil {
		return c.fail("tls", addr, &handshakeError{err})
	}
	state := secure.ConnectionState()
	end := state.PeerCertificates[0].NotAfter
	detail := fmt.Sprintf("%s, certificate until %s", tls.VersionName(state.Version), end.Format(time.DateOnly))
	if time.Until(end) < 14*24*time.Hour {
		c.add("tls", addr, Warn, detail, "Renew the broker's certificate.")
	} else {
		c.add("tls", addr, Pass, detail, "")
	}
	return true
}

// login opens a connection of the kind everything else uses, and asks something:
// a broker that wants a log-in only hangs up on the first request.
func (c *checker) login(ctx context.Context, addr string) bool {
	one := *c.cfg
	one.Brokers = []string{addr}
	dir := newDirectory(&one)
	defer dir.close()
	if _, err := dir.lookup(ctx); err != nil {
		return c.fail("login", addr, err)
	}
	detail := "none"
	if m := c.cfg.SASL.Mechanism; m != "" {
		detail = strings.TrimSpace("SASL " + m + " " + c.cfg.SASL.Username)
	}
	c.add("login", addr, Pass, detail, "")
	return true
}

// cluster checks what the brokers say about themselves and the topics.
func (c *checker) cluster(ctx context.Context, cc CheckConfig) {
	a, err := openAdmin(ctx, *c.cfg)
	if err != nil {
		c.fail("metadata", strings.Join(c.cfg.Brokers, ","), err)
		return
	}
	defer a.close()
	c.add("metadata", a.view.clusterID, Pass, fmt.Sprintf("%d brokers, %d topics visible", len(a.view.brokers), len(a.view.topics)), "")
	for id, addr := range a.view.brokers {
		if slices.Contains(c.cfg.Brokers, addr) {
			continue
		}
		// What a broker calls itself is what clients connect to next.
		l, err := dial(ctx, c.cfg, addr)
		if err != nil {
			c.fail("advertised", fmt.Sprintf("%s (broker %d)", addr, id), err)
			continue
		}
		l.close()
	}
	for _, topic := range cc.Sources {
		c.source(ctx, a, topic)
	}
	for _, spec := range cc.Own {
		c.own(ctx, a, spec)
	}
}
