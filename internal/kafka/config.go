package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// Config says how to reach a cluster. It is copied by every function that
// takes it; the zero value of each field is its default.
type Config struct {
	// Brokers are host:port addresses to start from; one is enough, more
	// survive the loss of one.
	Brokers []string
	// ClientID names this process in the broker's logs and quotas; default
	// "adjoin".
	ClientID string
	// TLS is off by default, which only Insecure or loopback brokers allow.
	TLS TLS
	// SASL is off by default.
	SASL SASL
	// Insecure allows brokers without TLS beyond loopback: records and
	// passwords (SASL PLAIN) cross the network readable (reliability S1).
	Insecure bool
	// DialTimeout bounds a connection attempt with TLS; default 2 s.
	DialTimeout time.Duration
	// ReadTimeout bounds the wait for an answer beyond what a request asks the
	// broker to wait; default 5 s.
	ReadTimeout time.Duration
	// Dial replaces net.Dialer, for tests and tunnels. TLS is put on top.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// TLS is the client side of TLS, 1.2 or later. The host name is always
// verified.
type TLS struct {
	Enabled    bool
	CAFile     string // PEM; "" trusts the system's roots
	CertFile   string // client certificate and key, PEM; both or none
	KeyFile    string
	ServerName string // "" is the broker's host name
}

// SASL is how the client logs in. Password and Token are asked for at every
// log-in, so that a rotated secret needs no restart; they must not block for
// long.
type SASL struct {
	Mechanism string // "", PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER
	Username  string
	Password  func() (string, error)
	Token     func() (Token, error) // OAUTHBEARER only
}

// Token is an OAUTHBEARER access token and its SASL extensions.
type Token struct {
	Value      string
	Extensions map[string]string
}

// StaticPassword is a Password that never changes.
func StaticPassword(password string) func() (string, error) {
	return func() (string, error) { return password, nil }
}

// The SASL mechanisms.
const (
	Plain       = "PLAIN"
	ScramSHA256 = "SCRAM-SHA-256"
	ScramSHA512 = "SCRAM-SHA-512"
	OAuthBearer = "OAUTHBEARER"
)

// withDefaults is the Config with every zero field filled in.
func (c Config) withDefaults() Config {
	if c.ClientID == "" {
		c.ClientID = "adjoin"
	}
	if c.DialTimeout <= 0 {
		c.DialTimeout = 2 * time.Second
	}
	if c.ReadTimeout <= 0 {
		c.ReadTimeout = 5 * time.Second
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	return c
}

// Validate is nil or an Error of class Invalid that lists every contradiction.
func (c Config) Validate() error {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(c.Brokers) == 0 {
		add("no brokers are named")
	}
	loopback := true
	for _, b := range c.Brokers {
		host, _, err := net.SplitHostPort(b)
		if err != nil {
			add("broker %q is not host:port", b)
			continue
		}
		loopback = loopback && isLoopback(host)
	}
	if !c.TLS.Enabled && !c.Insecure && !loopback {
		what := "records would"
		if c.SASL.Mechanism != "" {
			what = "passwords and records would"
		}
		add("%s cross the network readable: enable TLS, or set insecure: true if the network is trusted", what)
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		add("a client certificate needs both its file and its key file")
	}
	wrong = append(wrong, c.SASL.wrong()...)
	if len(wrong) == 0 {
		return nil
	}
	return &Error{
		Code: CodeConfig, Class: Invalid,
		What: "Kafka cannot be reached with this configuration: " + strings.Join(wrong, "; ") + ".",
		Hint: "See adjoin config explain kafka.",
	}
}

// wrong is every contradiction in s.
func (s SASL) wrong() []string {
	switch s.Mechanism {
	case "":
		if s.Username != "" {
			return []string{"a SASL user name is given but no mechanism"}
		}
	case Plain, ScramSHA256, ScramSHA512:
		if s.Username == "" || s.Password == nil {
			return []string{"SASL " + s.Mechanism + " needs a user name and a password"}
		}
	case OAuthBearer:
		if s.Token == nil {
			return []string{"SASL OAUTHBEARER needs a token source"}
		}
	default:
		return []string{fmt.Sprintf("SASL mechanism %q is unknown; use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER", s.Mechanism)}
	}
	return nil
}

// isLoopback reports whether host can only be this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// tlsConfig reads the certificate files.
func (t TLS) tlsConfig() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, configError("the CA file cannot be read", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, configError("the CA file "+t.CAFile+" holds no PEM certificate", nil)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, configError("the client certificate cannot be loaded", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

func configError(what string, err error) error {
	if err != nil {
		what += ": " + err.Error()
	}
	return &Error{Code: CodeConfig, Class: Invalid, What: what + ".",
		Hint: "See adjoin config explain kafka.tls.", Err: err}
}
