// Package config turns configuration files, environment variables and flags
// into one plain Go struct, or into a list of everything that is wrong with
// them.
//
// There is one table of fields (fields.go and its neighbours). A field says its
// path in the YAML tree, its default, its range, a paragraph for people, and
// where in Config its value goes. From that table come the strict decoding, the
// defaults, `config check`, `config show`, `config explain`, the JSON Schema of
// `config schema` and the reference page docs/configuration.md. A key is added
// by adding a row.
//
// First use:
//
//	loaded, err := config.Load(config.Source{
//		Files:   []string{"adjoin.yaml"},
//		Environ: os.Environ(),
//		Need:    config.NodeNeeds(),
//	})
//	var invalid *config.Invalid
//	if errors.As(err, &invalid) {
//		// invalid.Diagnostics holds every error and warning with its place.
//	}
//	brokers := loaded.Config.Kafka.Brokers
//
// Layers, lowest to highest: the defaults of the table; files in the order
// given (maps merge, lists replace); ADJOIN_ environment variables with a
// double underscore between levels (ADJOIN_KAFKA__BROKERS=a:9092,b:9092); --set
// path=value; flags of their own. The highest layer that names a field decides
// it, and the loaded value remembers which layer that was.
//
// A value may hold ${env:NAME}, ${env:NAME:-default} and ${file:path}. They are
// replaced after the YAML is parsed, inside one scalar, so that a value can
// never add a key or a list item. Secrets are of type Secret, which prints as
// "[redacted]" through every road of fmt, slog and encoding/json.
//
// Relative paths are relative to the file that names them, and to the working
// directory when a flag or the environment names them.
package config
