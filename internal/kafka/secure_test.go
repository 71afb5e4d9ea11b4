package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka/embedded"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// certificate makes a CA file and a server certificate with a name and an end.
func certificate(t *testing.T, host string, until time.Time) (caFile string, server *tls.Config) {
	t.Helper()
	caKey, caCert := signed(t, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour)}, nil, nil)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotBefore: time.Unix(0, 0), NotAfter: until}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	key, cert := signed(t, template, caCert, caKey)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caCert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

func signed(t *testing.T, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(cryptorand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func TestS1_CertificatesAreVerified(t *testing.T) {
	year := time.Now().Add(365 * 24 * time.Hour)
	goodCA, good := certificate(t, "127.0.0.1", year)
	otherCA, _ := certificate(t, "127.0.0.1", year)
	nameCA, wrongName := certificate(t, "kafka.example", year)
	oldCA, expired := certificate(t, "127.0.0.1", time.Now().Add(-time.Hour))
	for name, c := range map[string]struct {
		server *tls.Config
		client TLS
		code   string
		says   string
	}{
		"right":        {good, TLS{Enabled: true, CAFile: goodCA}, "", ""},
		"self-signed":  {good, TLS{Enabled: true}, CodeTLS, "unknown authority"},
		"another CA":   {good, TLS{Enabled: true, CAFile: otherCA}, CodeTLS, "unknown authority"},
		"wrong name":   {wrongName, TLS{Enabled: true, CAFile: nameCA}, CodeTLS, "another name"},
		"name given":   {wrongName, TLS{Enabled: true, CAFile: nameCA, ServerName: "kafka.example"}, "", ""},
		"expired":      {expired, TLS{Enabled: true, CAFile: oldCA}, CodeTLS, "invalid certificate"},
		"TLS, no TLS":  {nil, TLS{Enabled: true, CAFile: goodCA}, CodeTimeout, "TLS handshake"},
		"no TLS, TLS":  {good, TLS{}, CodeConnect, "closed the connection"},
		"no such file": {good, TLS{Enabled: true, CAFile: "/no/such/file"}, CodeConfig, "/no/such/file"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := embedded.Start(embedded.Options{TLS: c.server, Topics: []embedded.Topic{{Name: "t"}}})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			cfg := Config{Brokers: b.Addrs(), TLS: c.client, ReadTimeout: time.Second}
			_, err = Describe(within(t, 10*time.Second), cfg, "t")
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				fill(t, cfg, event.Partition{Topic: "t"}, 0, 10, ProducerConfig{})
				readTo(t, openAt(t, cfg, event.Partition{Topic: "t"}, 0, nil), 0, 10)
				return
			}
			if codeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, want %s %q", err, c.code, c.says)
			}
		})
	}
}

func TestS1_PlaintextNeedsConsent(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"plaintext":        {Config{Brokers: []string{"kafka-1:9092"}}, "insecure: true"},
		"SASL, plaintext":  {Config{Brokers: []string{"kafka-1:9092"}, SASL: SASL{Mechanism: Plain, Username: "u", Password: StaticPassword("p")}}, "passwords"},
		"one not loopback": {Config{Brokers: []string{"localhost:9092", "10.0.0.1:9092"}}, "insecure: true"},
		"insecure":         {Config{Brokers: []string{"kafka-1:9092"}, Insecure: true}, ""},
		"TLS":              {Config{Brokers: []string{"kafka-1:9093"}, TLS: TLS{Enabled: true}}, ""},
		"loopback":         {Config{Brokers: []string{"127.0.0.1:9092", "[::1]:9092"}}, ""},
		"no brokers":       {Config{}, "no brokers"},
		"no port":          {Config{Brokers: []string{"localhost"}}, "host:port"},
		"mechanism":        {Config{Brokers: []string{"localhost:1"}, SASL: SASL{Mechanism: "GSSAPI"}}, "unknown"},
		"no password":      {Config{Brokers: []string{"localhost:1"}, SASL: SASL{Mechanism: ScramSHA512, Username: "u"}}, "password"},
		"half a pair":      {Config{Brokers: []string{"localhost:1"}, TLS: TLS{Enabled: true, CertFile: "x"}}, "both"},
	} {
		err := c.cfg.Validate()
		if c.says == "" && err != nil || c.says != "" && (codeOf(err) != CodeConfig || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestS2_Mechanisms(t *testing.T) {
	for _, mechanism := range []string{Plain, ScramSHA256, ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{{Name: "t"}}, Users: []embedded.User{{Mechanism: mechanism, Name: "u", Password: "pässword"}}})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			cfg := Config{Brokers: b.Addrs(), SASL: SASL{Mechanism: mechanism, Username: "u", Password: StaticPassword("pässword")}}
			fill(t, cfg, event.Partition{Topic: "t"}, 0, 10, ProducerConfig{})
			readTo(t, openAt(t, cfg, event.Partition{Topic: "t"}, 0, nil), 0, 10)
			cfg.SASL.Password = StaticPassword("wrong")
			_, err = Describe(within(t, 10*time.Second), cfg, "t")
			// kfake only hangs up; see TestS2_ScramOverTLSOnApache.
			if code := codeOf(err); code != CodeAuth && code != CodeConnect {
				t.Fatal(err)
			}
		})
	}
}

// The token source is asked at each log-in and its error is not lost. (kfake has
// no OAUTHBEARER.)
func TestS2_TokenSourceFails(t *testing.T) {
	b, err := embedded.Start(embedded.Options{Users: []embedded.User{{Mechanism: Plain, Name: "u", Password: "p"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cfg := Config{Brokers: b.Addrs(), SASL: SASL{Mechanism: OAuthBearer, Token: func() (Token, error) { return Token{}, errors.New("no token today") }}}
	if _, err := Describe(within(t, 5*time.Second), cfg); codeOf(err) != CodeAuth {
		t.Fatal(err)
	}
	cfg.SASL = SASL{Mechanism: Plain, Username: "u", Password: func() (string, error) { return "", errors.New("file is gone") }}
	if _, err := Describe(within(t, 5*time.Second), cfg); codeOf(err) != CodeAuth || !strings.Contains(err.Error(), "file is gone") {
		t.Fatal(err)
	}
}

func TestS2_ScramOverTLSOnApache(t *testing.T) {
	k := apache.Start(t, kafkatest.Options{Secure: true})
	cfg := Config{Brokers: k.Secure, TLS: TLS{Enabled: true, CAFile: k.CAFile},
		SASL: SASL{Mechanism: ScramSHA512, Username: k.User, Password: StaticPassword(k.Password)}}
	p := event.Partition{Topic: makeTopic(t, cfg, 1, nil)}
	fill(t, cfg, p, 0, 1000, ProducerConfig{Compression: "lz4"})
	readTo(t, openAt(t, cfg, p, 0, nil), 0, 1000)
	for name, c := range map[string]struct {
		change func(*Config)
		code   string
	}{
		"wrong password":  {func(c *Config) { c.SASL.Password = StaticPassword("x") }, CodeAuth},
		"unknown user":    {func(c *Config) { c.SASL.Username = "x" }, CodeAuth},
		"other mechanism": {func(c *Config) { c.SASL.Mechanism = ScramSHA256 }, CodeAuth},
		"no log-in":       {func(c *Config) { c.SASL = SASL{} }, CodeConnect},
		"SASL without":    {func(c *Config) { c.Brokers = k.Brokers; c.TLS = TLS{} }, CodeAuth},
		"no TLS":          {func(c *Config) { c.TLS = TLS{}; c.SASL = SASL{} }, CodeConnect},
		"no CA":           {func(c *Config) { c.TLS.CAFile = "" }, CodeTLS},
		"TLS on plain":    {func(c *Config) { c.Brokers = k.Brokers }, CodeTLS},
	} {
		wrong := cfg
		wrong.ReadTimeout = time.Second
		c.change(&wrong)
		started := time.Now()
		_, err := Describe(within(t, 10*time.Second), wrong, p.Topic)
		if codeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(started); d > 3*time.Second {
			t.Errorf("%s: took %s", name, d)
		}
	}
}

func TestUnreachableBrokers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, c := range map[string]struct{ addr, code string }{
		"nothing listens": {"127.0.0.1:1", CodeConnect},
		"no such name":    {"no-such-host.invalid:9092", CodeDNS},
		"silent":          {silent.Addr().String(), CodeTimeout},
	} {
		cfg := Config{Brokers: []string{c.addr}, Insecure: true, DialTimeout: 300 * time.Millisecond, ReadTimeout: 200 * time.Millisecond}
		_, err := Describe(within(t, 10*time.Second), cfg, "t")
		var e *Error
		if !errors.As(err, &e) || e.Code != c.code || e.Class.ExitCode() != 4 || !strings.Contains(e.Text(), "adjoin help "+c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	cfg := Config{Brokers: []string{silent.Addr().String()}}
	if _, err := Describe(ctx, cfg, "t"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
