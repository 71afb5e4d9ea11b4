package config

import (
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Config is the whole configuration after layers, defaults and checks. It is
// plain data: a copy may be changed, and nothing in it is read again later
// except the files behind Path fields. Lengths of event time are event.Span
// (microseconds), operational times are time.Duration.
type Config struct {
	ConfigVersion int
	Kafka         Kafka
	Decode        Decode
	Correlate     Correlate
	Reference     Reference
	State         State
	Sink          Sink
	Load          []LoadTarget
	Server        Server
	Node          Node
	Log           Log
	Limits        Limits
}

// Kafka is section kafka: where the events come from and where the journal
// lives.
type Kafka struct {
	Brokers  []string // host:port each
	ClientID string
	Insecure bool // allows clear text to brokers on other machines
	TLS      TLS
	SASL     SASL
	Topics   Topics
	Journal  string // one-partition topic of claims and commits
	Segments string // compacted topic of state segments
	Links    string // topic of loans between timelines (semantics R3)
	Start    Start  // where to begin when the journal has no position
	Backfill []string
	Fetch    Fetch
	Timeout  KafkaTimeout
}

// TLS is section kafka.tls.
type TLS struct {
	Enabled    bool
	CAFile     Path // PEM; empty means the system's certificates
	CertFile   Path // client certificate, with KeyFile
	KeyFile    Path
	ServerName string // overrides the name that the certificate must carry
}

// SASL is section kafka.sasl. Mechanism is empty for no SASL.
type SASL struct {
	Mechanism    string // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER
	Username     string
	Password     Secret
	PasswordFile Path
	TokenFile    Path // OAUTHBEARER: read again for every token
}

// CurrentPassword is the password now: the content of PasswordFile without its
// final line break, else Password. Reading the file each time lets a password
// be rotated without a restart.
func (s SASL) CurrentPassword() (Secret, error) { return readSecret(s.Password, s.PasswordFile) }

// Topics is section kafka.topics: the input topics by type of event. Every list
// may be empty, which switches that input off.
type Topics struct {
	Bids              Names
	Impressions       Names
	Clicks            Names
	Conversions       Names
	ClicksConversions Names // legacy CSV with clicks and conversions together
}

// All lists the input topics in the order bids, impressions, clicks,
// conversions, clicks_conversions.
func (t Topics) All() []string {
	var all []string
	for _, names := range []Names{t.Bids, t.Impressions, t.Clicks, t.Conversions, t.ClicksConversions} {
		all = append(all, names...)
	}
	return all
}

// Fetch is section kafka.fetch: the source's fetch loop.
type Fetch struct {
	MaxBytesPartition Size
	MaxWait           time.Duration
	Connections       int // per broker
}

// KafkaTimeout is section kafka.timeout.
type KafkaTimeout struct {
	Dial    time.Duration
	Request time.Duration
}

// Decode is section decode: how bytes become events.
type Decode struct {
	Zone     Zone   // of timestamps without an offset
	IDMode   string // fingerprint or offset: the id of a record that has none
	Currency string // ISO 4217, for money without a currency
	CSV      CSV
	Avro     Avro
}

// CSV is section decode.csv.
type CSV struct {
	Delimiter          Delimiter
	ClicksColumns      []string
	ConversionsColumns []string
	CombinedColumns    []string
}

// Avro is section decode.avro.
type Avro struct {
	SchemaFile Path // writer schema of bare data; empty means the built-in one
	Registry   Registry
}

// Registry is section decode.avro.registry.
type Registry struct {
	URL          string // empty means no registry
	Username     string
	Password     Secret
	PasswordFile Path
}

// CurrentPassword is the registry's password now; see SASL.CurrentPassword.
func (r Registry) CurrentPassword() (Secret, error) { return readSecret(r.Password, r.PasswordFile) }

// Correlate is section correlate: the rules of the data. A change of any of
// them can change results.
type Correlate struct {
	Shards                 int // fixed for the life of a deployment (semantics R4)
	CampaignShards         int
	Windows                Windows
	OrphanHold             event.Span // semantics J6
	WatermarkDelay         event.Span // semantics T3, T4
	IdleTimeout            event.Span // semantics T3
	Horizons               Horizons
	JoinLateness           JoinLateness
	ConflictHorizons       Horizons
	Attribution            Attribution
	MaxClicksPerImpression int // 0 means no cap (semantics D6)
	MaxTouchesPerPath      int
	MaxLiveTouchesPerUser  int
	UserKey                UserKey
}

// Windows is section correlate.windows: the longest parent-to-child distance,
// both ends inclusive (semantics T4), each overridable per campaign.
type Windows struct {
	BidJoinWeb      event.Span
	BidJoinApp      event.Span
	ClickJoin       event.Span
	ClickThrough    event.Span // 0 switches click-through credit off
	ViewThrough     event.Span // 0 switches view-through credit off
	ClickRefractory event.Span // semantics D5
}

// Horizons is a length of event time per type of event: correlate.horizons
// (semantics T2, beyond it a record is TOO_LATE) and
// correlate.conflict_horizons (semantics D3).
type Horizons struct {
	Bids        event.Span
	Impressions event.Span
	Clicks      event.Span
	Conversions event.Span
}

// JoinLateness is section correlate.join_lateness: a child that arrives later
// than this after its event time does not take the join (semantics T6).
type JoinLateness struct {
	BidImpression   event.Span
	ImpressionClick event.Span
	ViewConversion  event.Span
}

// Attribution is section correlate.attribution (semantics A1, A3, A5).
type Attribution struct {
	HalfLife event.Span
	Scope    string // advertiser, campaign or account
	PathSet  string // clicks_else_views or clicks_and_views
}

// UserKey is section correlate.user_key: the keyed hash that stands for a user
// in every output (semantics P2).
type UserKey struct {
	Secret     Secret
	SecretFile Path
	ID         string // stored beside each hash, names the key
}

// CurrentSecret is the hash key: the content of SecretFile, else Secret; empty
// when neither is set.
func (u UserKey) CurrentSecret() (Secret, error) { return readSecret(u.Secret, u.SecretFile) }

// Reference is section reference: files of reference data, read once. An
// empty path means no such data.
type Reference struct {
	Campaigns         Path
	Creatives         Path
	FX                Path
	ReportingCurrency string
}

// State is section state: the memory contract.
type State struct {
	MemoryLimit Size
	WhenFull    string // backpressure
}

// Sink is section sink: where rows go as Parquet files.
type Sink struct {
	URL                string // file:///..., s3://, gs://, azblob://
	CheckpointInterval time.Duration
	TargetFileSize     Size
	PartitionBy        []string // dt, hour
	Compression        string   // zstd, snappy or none
}

// LoadTarget is one item of load: a warehouse that follows the journal.
type LoadTarget struct {
	Target   string // duckdb
	Path     Path   // database file of duckdb
	Schedule time.Duration
}

// Server is section server: the two HTTP listeners.
type Server struct {
	Listen string // health and metrics
	Admin  string // administration; loopback only
}

// Node is section node.
type Node struct {
	ID           string
	DataDir      Path
	DrainTimeout time.Duration
}

// Log is section log.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // auto, text or json
}

// Limits is section limits: the bounds that keep a hostile record or a slow
// sink from taking the node down.
type Limits struct {
	RecordMaxBytes Size
	InFlightBytes  Size
	NestingMax     int
	FieldsMax      int
}
