package tidy

// module is the import path of this repository.
const module = "github.com/advertisex/adjoin"

// Limits of size.
const (
	functionLinesMax = 70
	fileLinesMax     = 600
	packageLinesMax  = 4000
)

// floors says how high a package stands. A package imports lower floors only;
// packages of floor 1 do not see each other. A pattern ending in "/*" stands
// for the packages directly below, and an exact row wins over a pattern. A
// package that no row names is an error, so that a new one is given its place
// by hand.
var floors = map[string]int{
	"internal/event":       0,
	"internal/event/wire":  0,
	"internal/event/delta": 0,
	"internal/table":       0,
	"internal/reference":   0,

	"actors/correlate":   1,
	"actors/correlate/*": 1,
	"actors/campaign":    1,
	"actors/campaign/*":  1,
	"cluster/journal":    1,
	"cluster/journal/*":  1,
	"codecs":             1,

	"codecs/*":          2,
	"codecs/avrobid/*":  2,
	"sinks/rowfile":     1,
	"sinks":             2,
	"sinks/*":           2,
	"internal/kafka":    2,
	"internal/kafka/*":  2,
	"internal/config":   2,
	"cluster":           2,
	"cluster/placement": 2,

	"cluster/*":    3,
	"actors":       3,
	"actors/*":     3,
	"internal/web": 3,

	"bench":   4,
	"bench/*": 4,

	"cmd/adjoin": 5,

	// Tests about the whole repository: tidy imports nothing of it, the
	// simulator all of it.
	"internal/tidy": 0,
	"internal/sim":  5,
	"internal/e2e":  5,
	"internal/law":  5,

	"internal/mutation": 0,
}

// sameFloor lists the pairs on one floor that may see each other, and why.
var sameFloor = map[string]string{
	"internal/event/wire -> internal/event":    "the bytes of the vocabulary",
	"internal/event/delta -> internal/event":   "the bytes of the vocabulary",
	"internal/event/delta -> internal/event/*": "one reader of bytes",
	"internal/table -> internal/event":         "rows are written in the vocabulary",
	"internal/reference -> internal/event":     "reference data is written in the vocabulary",
	"actors/correlate -> actors/correlate/*":   "a core calls its parts",
	"actors/correlate/* -> actors/correlate/*": "the parts of one core",
	"actors/campaign -> actors/campaign/*":     "a core calls its parts",
	"cluster/journal -> cluster/journal/*":     "a core calls its parts",
	"codecs/* -> codecs/*":                     "the decoders and the conformance kit of one room",
	"sinks/* -> sinks":                         "an adapter implements the contract of its room",
	"sinks/* -> sinks/*":                       "the adapters and the conformance kit of one room",
	"internal/kafka/* -> internal/kafka":       "the embedded broker serves its package",
	"internal/kafka/* -> internal/kafka/*":     "one room",
	"cluster -> cluster/placement":             "the room's wiring calls its pure part",
	"cluster/* -> cluster/*":                   "one room",
	"actors -> actors/*":                       "the room's wiring starts its shells",
	"actors/* -> actors":                       "a shell hands its messages to the room's wiring",
	"actors/* -> actors/*":                     "one room",
	"bench -> bench/*":                         "one room",
	"bench/* -> bench":                         "one room",
	"bench/* -> bench/*":                       "one room",
	"internal/web -> actors":                   "the live figures come from the actors",
	"codecs/avrobid/* -> codecs/*":             "the registry's client answers the decoder's question",
	"internal/sim -> cmd/adjoin":               "the simulator runs the whole engine",
}

// pure packages take time and bytes as arguments: no clock, no goroutine, no
// lock, no log, no input or output.
var pure = []string{
	"internal/event", "internal/event/wire", "internal/event/delta", "internal/table", "internal/reference",
	"actors/correlate", "actors/correlate/*", "actors/campaign", "actors/campaign/*",
	"cluster/journal", "cluster/journal/*", "cluster/placement",
}

// What a pure package must not have. A module of confined is banned as well,
// whatever the room around the package may import.
var (
	pureBanImports = []string{"context", "sync", "sync/atomic", "math/rand", "math/rand/v2", "log", "log/slog", "os", "net", "net/http"}
	pureBanCalls   = []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.Tick", "time.NewTimer", "time.NewTicker", "time.AfterFunc"}
)

// confined names the only packages that may import what begins with a prefix.
var confined = []struct {
	prefix  string
	allowed []string
	reason  string
}{
	{"github.com/asynkron/protoactor-go", []string{"actors", "actors/*", "cluster/*"}, "the runtime can be changed in one place"},
	{"github.com/IBM/sarama", []string{"internal/kafka", "internal/kafka/*"}, "one package knows the quirks of the client"},
	{"github.com/twmb/franz-go/pkg/kfake", []string{"internal/kafka", "internal/kafka/*"}, "the embedded broker is part of it"},
	{"github.com/spf13/cobra", []string{"cmd/adjoin"}, "flags are read at the top alone"},
	{"go.yaml.in/yaml", []string{"internal/config"}, "one package reads YAML"},
	{"github.com/prometheus/client_golang", []string{"internal/web", "cmd/adjoin"}, "one package names the metrics"},
}

// floorZero are the modules that floor 0 may import beside the standard
// library.
var floorZero = map[string][]string{
	"internal/event": {"github.com/zeebo/xxh3"},
}

// notSeen lists what a package must not import although its floor would allow
// it, tests included.
var notSeen = []struct {
	from   string
	bans   []string
	reason string
}{
	{"bench/oracle", []string{"actors", "actors/*", "codecs/*", "cluster", "cluster/*"},
		"the oracle proves the engine, so it shares no code with it"},
}

// badNames are package names that say nothing.
var badNames = []string{"util", "utils", "common", "helpers", "helper", "types", "models", "pkg", "misc", "shared", "base", "lib"}

// notes are marks of unfinished work.
var notes = []string{"TO" + "DO", "FIX" + "ME", "HA" + "CK"}

// foreign are words about how this repository was made and where it was
// written. They are of no use to a reader.
var foreign = []string{
	"/work/", "../shared", "shared/spec", "language model", "chatgpt", "copilot", "claude", "gpt-4", "openai", "anthropic",
	"ai-generated", "ai assistant", "coding assistant", "generated by ai", "llm",
}

// exceptions are places where a rule makes the code worse. The key is
// "rule package name"; the value is the reason.
var exceptions = map[string]string{
	"package-length actors/correlate": "one state machine: what its files share is the shard's state; columns and credit, which do not, are packages of their own",
	"package-length actors":           "every actor is a screen or two; what they share is the messages",
	"package-length bench/oracle":     "it shares no code with anything, so it holds decoders, parsers and rules of its own",
	"package-length internal/kafka":   "the one door to Kafka: fetching, appending, segments, topics and checks share links and errors",
	"package-length cmd/adjoin":       "a file a command",
	"global internal/kafka setUp":     "two variables of the client library can only be set for the process; set once, before the first connection",
}
