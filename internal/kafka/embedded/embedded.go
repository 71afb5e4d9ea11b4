package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Options say what broker to start. Zero values are the defaults.
type Options struct {
	Port    int               // 0: any free port of 127.0.0.1
	DataDir string            // "": in memory
	Topics  []Topic           // made at the start unless they exist
	TLS     *tls.Config       // of the listener; nil: plaintext
	Users   []User            // any: SASL is demanded
	Broker  map[string]string // further broker settings
	Log     io.Writer         // nil: silent
}

// Topic is a topic to be made.
type Topic struct {
	Name       string
	Partitions int32             // default 1
	Settings   map[string]string // such as cleanup.policy; retention.ms is -1 unless set
}

// User may log in.
type User struct{ Mechanism, Name, Password string }

// Broker is a running broker.
type Broker struct{ cluster *kfake.Cluster }

// brokerSettings keep the broker from deleting what nobody told it to:
//   - retention would delete from compacted topics, too, after seven days of
//     record time;
//   - the cleaner does not know open transactions: it takes their records for
//     committed and may drop the only value of a key. It runs when told to.
var brokerSettings = map[string]string{
	"log.retention.ms":       "-1",
	"log.cleaner.backoff.ms": "1000000000",
}

// Start starts a broker; it takes a few milliseconds, and as long as reading
// DataDir takes. Close must be called.
func Start(o Options) (*Broker, error) {
	settings := maps.Clone(brokerSettings)
	maps.Copy(settings, o.Broker)
	opts := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(o.Port), kfake.BrokerConfigs(settings)}
	if o.DataDir != "" {
		opts = append(opts, kfake.DataDir(o.DataDir))
	}
	if o.TLS != nil {
		opts = append(opts, kfake.TLS(o.TLS))
	}
	if len(o.Users) > 0 {
		opts = append(opts, kfake.EnableSASL())
	}
	for _, u := range o.Users {
		opts = append(opts, kfake.User(u.Mechanism, u.Name, u.Password))
	}
	if o.Log != nil {
		opts = append(opts, kfake.WithLogger(kfake.BasicLogger(o.Log, kfake.LogLevelInfo)))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, fmt.Errorf("embedded Kafka on port %d: %w", o.Port, err)
	}
	b := &Broker{cluster: cluster}
	if err := b.create(o.Topics); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Addrs are the addresses to start from.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Close stops the broker and waits until its files are written.
func (b *Broker) Close() error {
	b.cluster.Close()
	return nil
}

// Fake is the broker itself, for tests that inject faults.
func (b *Broker) Fake() *kfake.Cluster { return b.cluster }
