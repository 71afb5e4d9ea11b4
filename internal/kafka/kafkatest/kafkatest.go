package kafkatest

import "testing"

// Options say what cluster to start. Zero values are the defaults.
type Options struct {
	Version  string            // "4" (default), "3", "2" or a full version such as 4.4.0
	Brokers  int               // 1 (default) or 3, which have replication 3 and min.insync 2
	Secure   bool              // a second listener with TLS and SCRAM-SHA-512
	Settings map[string]string // further server.properties
}

// Kafka is a running cluster.
type Kafka struct {
	Brokers []string // host:port, plaintext
	Secure  []string // host:port, TLS and SASL; only with Options.Secure
	CAFile  string   // PEM, for Secure
	// User and Password log in at Secure with SCRAM-SHA-512.
	User, Password string
}

// Start starts a cluster for one test and destroys it at the test's end.
func Start(tb testing.TB, o Options) *Kafka {
	tb.Helper()
	tb.Fatal("kafkatest: not filled in yet")
	return nil
}
