package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// broken is a file with one mistake. The mark «» in the text shows where the
// diagnostic must point (it is removed before the file is read); rule and the
// fragments are what it must say.
type broken struct {
	name  string
	text  string
	rule  string
	says  []string
	warns bool
}

// corpus is the typo corpus of reliability F40.
func corpus() []broken {
	const local = "kafka: {brokers: [localhost:9092]}\n"
	return []broken{
		// Keys.
		{name: "unknown top key", text: "«»kafak: {}\n" + local, rule: "unknown-key", says: []string{`"kafak"`, `did you mean "kafka"?`}},
		{name: "unknown nested key", text: "kafka:\n  brokers: [localhost:9092]\n  «»client-name: x\n", rule: "unknown-key", says: []string{`"kafka.client-name"`, "kafka knows brokers"}},
		{name: "swapped letters", text: "kafka:\n  «»borkers: [localhost:9092]\n", rule: "unknown-key", says: []string{`did you mean "brokers"?`}},
		{name: "hyphen for underscore", text: local + "correlate: {«»orphan-hold: 15m}\n", rule: "unknown-key", says: []string{`did you mean "orphan_hold"?`}},
		{name: "capital letters", text: local + "«»Sink: {compression: zstd}\n", rule: "unknown-key", says: []string{`did you mean "sink"?`}},
		{name: "camel case", text: local + "sink: {«»targetFileSize: 1MiB}\n", rule: "unknown-key", says: []string{`did you mean "target_file_size"?`}},
		{name: "a key one level too high", text: local + "«»checkpoint_interval: 5s\n", rule: "unknown-key", says: []string{`did you mean "sink.checkpoint_interval"?`}},
		{name: "a key one level too low", text: local + "node: {id: a, «»log: {level: info}}\n", rule: "unknown-key", says: []string{`"node.log"; did you mean "log"?`}},
		{name: "misspelt mechanism with the rest of it", text: "kafka:\n  brokers: [localhost:9092]\n  sasl: {«»mechanisim: PLAIN, username: a, password: b}\n", rule: "unknown-key", says: []string{`"kafka.sasl.mechanisim"; did you mean "mechanism"?`}},
		{name: "unknown key of a list item", text: local + "load:\n  - target: duckdb\n    «»shedule: 5s\n", rule: "unknown-key", says: []string{`"load[0].shedule"; did you mean "schedule"?`}},
		{name: "the same key twice", text: local + "log:\n  level: info\n  «»level: debug\n", rule: "duplicate-key", says: []string{`"log.level"`, "line 3"}},
		{name: "the same section twice", text: "log: {level: info}\n" + local + "«»log: {format: text}\n", rule: "duplicate-key", says: []string{`"log"`}},
		{name: "a key and its alias", text: local + "correlate:\n  windows:\n    click_join: 1h\n    «»impression_to_click: 2h\n", rule: "duplicate-key", says: []string{"impression_to_click"}},
		{name: "merge key", text: local + "log: &l {level: info}\nnode:\n  «»<<: *l\n", rule: "wrong-type", says: []string{"merge keys"}},

		// YAML itself.
		{name: "tab indentation", text: "kafka:\n«»\tbrokers: [localhost:9092]\n", rule: "yaml-syntax", says: []string{"tab"}},
		{name: "open bracket", text: "kafka:\n  client_id: x\n«»  brokers: [localhost:9092\n", rule: "yaml-syntax", says: []string{"not YAML"}},
		{name: "two documents", text: local + "---\n«»log: {level: info}\n", rule: "many-documents"},
		{name: "text instead of a map", text: "«»just text\n", rule: "wrong-type", says: []string{`"just text"`}},
		{name: "list instead of a map", text: "«»- kafka\n", rule: "wrong-type", says: []string{"a list"}},

		// Types.
		{name: "scalar for a section", text: "kafka: «»localhost:9092\n", rule: "wrong-type", says: []string{"kafka is a map of keys"}},
		{name: "list for a section", text: local + "log: «»[info]\n", rule: "wrong-type", says: []string{"log is a map of keys"}},
		{name: "map for a scalar", text: local + "log: {level: «»{a: b}}\n", rule: "wrong-type", says: []string{"log.level is a text, not a map"}},
		{name: "list for a scalar", text: local + "log: {level: «»[info]}\n", rule: "wrong-type", says: []string{"not a list"}},
		{name: "scalar for a list", text: "kafka: {brokers: «»localhost:9092}\n", rule: "wrong-type", says: []string{"write [localhost:9092]"}},
		{name: "list in a list", text: "kafka: {brokers: [localhost:9092, «»[localhost:9093]]}\n", rule: "wrong-type", says: []string{"a list"}},
		{name: "empty list item", text: "kafka:\n  brokers:\n    - localhost:9092\n    -«»\n", rule: "wrong-type", says: []string{"empty"}},
		{name: "map for the list of load", text: local + "load: «»{target: duckdb}\n", rule: "wrong-type", says: []string{"list of maps"}},
		{name: "key without a value", text: local + "log:\n  level:«»\n", rule: "no-value", says: []string{"log.level has no value"}},
		{name: "yes for true", text: "kafka: {brokers: [localhost:9092], insecure: «»yes}\n", rule: "not-a-boolean", says: []string{"true or false"}},
		{name: "text for an integer", text: local + "correlate: {shards: «»many}\n", rule: "not-an-integer", says: []string{`"many"`}},
		{name: "fraction for an integer", text: local + "correlate: {shards: «»64.5}\n", rule: "not-an-integer"},
		{name: "unit on an integer", text: local + "correlate: {shards: «»64k}\n", rule: "not-an-integer"},

		// Units.
		{name: "duration without a unit", text: local + "correlate:\n  windows: {click_join: «»30}\n", rule: "no-unit", says: []string{`correlate.windows.click_join: "30" has no unit; write 30s, 30m or 30d.`}},
		{name: "duration in minutes as min", text: local + "correlate: {orphan_hold: «»15min}\n", rule: "not-a-duration"},
		{name: "duration in words", text: local + "correlate: {orphan_hold: «»15 minutes}\n", rule: "not-a-duration"},
		{name: "negative duration", text: local + "correlate: {orphan_hold: «»-15m}\n", rule: "not-a-duration"},
		{name: "units in the wrong order", text: local + "correlate: {orphan_hold: «»30s1m}\n", rule: "not-a-duration"},
		{name: "weeks", text: local + "correlate: {attribution: {half_life: «»1w}}\n", rule: "not-a-duration"},
		{name: "event time finer than a microsecond", text: local + "correlate: {orphan_hold: «»1500ns}\n", rule: "not-a-duration", says: []string{"microsecond"}},
		{name: "size without a unit", text: local + "sink: {target_file_size: «»134217728}\n", rule: "no-unit", says: []string{"134217728KiB"}},
		{name: "size in M", text: local + "sink: {target_file_size: «»128M}\n", rule: "not-a-size", says: []string{"128MiB"}},
		{name: "size in mb", text: local + "sink: {target_file_size: «»128mb}\n", rule: "not-a-size"},
		{name: "size in a duration", text: local + "sink: {target_file_size: «»5s}\n", rule: "not-a-size"},

		// Ranges and lists of values.
		{name: "no shards", text: local + "correlate: {shards: «»0}\n", rule: "out-of-range", says: []string{"correlate.shards: 0 is below the least allowed, 1."}},
		{name: "negative cap", text: local + "correlate: {max_clicks_per_impression: «»-1}\n", rule: "out-of-range"},
		{name: "a window beyond its range", text: local + "correlate: {windows: {click_through: «»91d}}\n", rule: "out-of-range", says: []string{"above the most allowed, 90d"}},
		{name: "a checkpoint every nanosecond", text: local + "sink: {checkpoint_interval: «»1ns}\n", rule: "out-of-range"},
		{name: "a future format", text: "config_version: «»2\n" + local, rule: "out-of-range"},
		{name: "level in capitals", text: local + "log: {level: «»INFO}\n", rule: "not-one-of", says: []string{`did you mean "info"?`}},
		{name: "unknown mechanism", text: "kafka: {brokers: [localhost:9092], sasl: {mechanism: «»SCRAM-SHA512, username: a, password: b}}\n", rule: "not-one-of", says: []string{`did you mean "SCRAM-SHA-512"?`}},
		{name: "unknown warehouse", text: local + "load: [{target: «»duckdbb}]\n", rule: "not-one-of", says: []string{"load[0].target"}},
		{name: "unknown partition column", text: local + "sink: {partition_by: [dt, «»minute]}\n", rule: "not-one-of"},
		{name: "unknown attribution scope", text: local + "correlate: {attribution: {scope: «»advertizer}}\n", rule: "not-one-of", says: []string{`did you mean "advertiser"?`}},

		// Forms.
		{name: "broker without a port", text: "kafka: {brokers: [«»localhost]}\n", rule: "not-an-address", says: []string{"write localhost:9092"}},
		{name: "broker as a URL", text: "kafka: {brokers: [«»\"http://localhost:9092\"]}\n", rule: "not-an-address"},
		{name: "port out of range", text: "kafka: {brokers: [«»localhost:90920]}\n", rule: "not-an-address"},
		{name: "two brokers in one text", text: "kafka: {brokers: [«»\"localhost:9092,localhost:9093\"]}\n", rule: "not-an-address"},
		{name: "topic with a space", text: "kafka: {brokers: [localhost:9092], topics: {clicks: «»ad clicks}}\n", rule: "not-a-topic"},
		{name: "topic with a slash", text: "kafka: {brokers: [localhost:9092], topics: {clicks: «»ad/clicks}}\n", rule: "not-a-topic"},
		{name: "start in words", text: "kafka: {brokers: [localhost:9092], start: «»newest}\n", rule: "not-a-start"},
		{name: "start without a zone", text: "kafka: {brokers: [localhost:9092], start: «»2026-09-01}\n", rule: "not-a-start"},
		{name: "unknown zone", text: local + "decode: {zone: «»Europe/Berlinn}\n", rule: "not-a-zone"},
		{name: "zone of the machine", text: local + "decode: {zone: «»Local}\n", rule: "not-a-zone"},
		{name: "currency in small letters", text: local + "decode: {currency: «»usd}\n", rule: "not-a-currency"},
		{name: "two delimiters", text: local + "decode: {csv: {delimiter: «»\";;\"}}\n", rule: "not-a-delimiter"},
		{name: "misspelt column", text: local + "decode: {csv: {clicks_columns: [ts, «»usr_id]}}\n", rule: "unknown-column", says: []string{`did you mean "user_id"?`}},
		{name: "listen without a port", text: local + "server: {listen: «»127.0.0.1}\n", rule: "not-an-address"},
		{name: "store of another kind", text: local + "sink: {url: «»\"hdfs://a/b\"}\n", rule: "not-a-url", says: []string{"file, s3, gs, azblob"}},
		{name: "bucket without a name", text: local + "sink: {url: «»\"s3:///folder\"}\n", rule: "not-a-url"},
		{name: "file URL with two slashes", text: local + "sink: {url: «»\"file://lake\"}\n", rule: "not-a-url", says: []string{"three slashes"}},
		{name: "registry without a scheme", text: local + "decode: {avro: {registry: {url: «»\"schemas:8081\"}}}\n", rule: "not-a-url"},
		{name: "password in the registry's URL", text: local + "decode: {avro: {registry: {url: «»\"https://u:p@schemas:8081\"}}}\n", rule: "password-in-url"},
		{name: "password in the sink's URL", text: local + "sink: {url: «»\"s3://u:p@bucket\"}\n", rule: "password-in-url"},
		{name: "node id with a space", text: local + "node: {id: «»node 1}\n", rule: "not-a-name"},

		// References.
		{name: "unset variable", text: "kafka: {brokers: [«»\"${env:NOWHERE}\"]}\n", rule: "env-unset", says: []string{"NOWHERE"}},
		{name: "unknown reference", text: "kafka: {brokers: [localhost:9092], client_id: «»\"${HOME}\"}\n", rule: "bad-reference"},
		{name: "open reference", text: "kafka: {brokers: [localhost:9092], client_id: «»\"${env:HOME\"}\n", rule: "bad-reference"},
		{name: "missing file of a reference", text: "kafka: {brokers: [localhost:9092], client_id: «»\"${file:gone}\"}\n", rule: "file-missing"},
		{name: "bad value behind a reference", text: "kafka: {brokers: [localhost:9092], start: «»\"${env:WORD}\"}\n", rule: "not-a-start", says: []string{"${env:WORD}"}},
		{name: "missing file", text: local + "reference: {campaigns: «»gone.json}\n", rule: "file-missing", says: []string{"no such file"}},
		{name: "folder for a file", text: local + "reference: {campaigns: «».}\n", rule: "file-missing", says: []string{"folder"}},
		{name: "empty secret file", text: local + "correlate: {user_key: {secret_file: «»empty}}\n", rule: "file-empty"},

		// Combinations.
		{name: "no brokers", text: "log: {level: info}\n", rule: "required", says: []string{"kafka.brokers"}},
		{name: "clear text to another machine", text: "kafka: {brokers: «»[kafka-1:9092]}\n", rule: "plaintext", says: []string{"kafka.insecure: true"}},
		{name: "password in clear text", text: "kafka:\n  brokers: [kafka-1:9092]\n  sasl: {mechanism: «»PLAIN, username: a, password: b}\n", rule: "sasl-without-tls"},
		{name: "certificate authority without TLS", text: "kafka: {brokers: [localhost:9092], tls: {ca_file: «»file}}\n", rule: "tls-disabled"},
		{name: "certificate without key", text: "kafka: {brokers: [k:9092], tls: {enabled: true, cert_file: «»file}}\n", rule: "tls-pair"},
		{name: "key without certificate", text: "kafka: {brokers: [k:9092], tls: {enabled: true, key_file: «»file}}\n", rule: "tls-pair"},
		{name: "user without mechanism", text: "kafka: {brokers: [localhost:9092], sasl: {username: «»a}}\n", rule: "sasl-mechanism"},
		{name: "mechanism without user", text: "kafka: {brokers: [localhost:9092], sasl: {mechanism: «»PLAIN, password: b}}\n", rule: "sasl-mechanism", says: []string{"username"}},
		{name: "mechanism without password", text: "kafka: {brokers: [localhost:9092], sasl: {mechanism: «»PLAIN, username: b}}\n", rule: "sasl-mechanism", says: []string{"password"}},
		{name: "token for PLAIN", text: "kafka: {brokers: [localhost:9092], sasl: {mechanism: PLAIN, username: a, password: b, token_file: «»file}}\n", rule: "sasl-mechanism"},
		{name: "OAUTHBEARER without token", text: "kafka: {brokers: [localhost:9092], sasl: {mechanism: «»OAUTHBEARER}}\n", rule: "sasl-mechanism", says: []string{"token_file"}},
		{name: "password twice", text: "kafka: {brokers: [localhost:9092], sasl: {mechanism: PLAIN, username: a, password: «»b, password_file: file}}\n", rule: "both-set"},
		{name: "registry password without registry", text: local + "decode: {avro: {registry: {password_file: «»file}}}\n", rule: "registry-url"},
		{name: "registry password in clear text", text: local + "decode: {avro: {registry: {url: «»\"http://schemas:8081\", username: a, password_file: file}}}\n", rule: "plaintext", warns: true},
		{name: "one topic for two inputs", text: "kafka:\n  brokers: [localhost:9092]\n  topics: {clicks: ad, conversions: «»ad}\n", rule: "topic-twice", says: []string{`"ad"`, "kafka.topics.clicks", "kafka.topics.conversions"}},
		{name: "an input as journal", text: "kafka: {brokers: [localhost:9092], journal: «»clicks}\n", rule: "topic-twice"},
		{name: "a topic twice in a list", text: "kafka: {brokers: [localhost:9092], topics: {clicks: [a, «»a]}}\n", rule: "item-twice"},
		{name: "no topic at all", text: "kafka: {brokers: [localhost:9092], topics: {bids: \"\", impressions: «»\"\", clicks: \"\", conversions: []}}\n", rule: "no-input"},
		{name: "backfill of a stranger", text: "kafka: {brokers: [localhost:9092], backfill: [«»click]}\n", rule: "not-an-input", says: []string{`did you mean "clicks"?`}},
		{name: "wait longer than the time-out", text: "kafka: {brokers: [localhost:9092], fetch: {max_wait: «»6s}}\n", rule: "timeout-order"},
		{name: "join after rejection", text: local + "correlate: {join_lateness: {impression_click: «»72h}}\n", rule: "window-order", says: []string{"impression_click 3d is above", "horizons.clicks 48h"}},
		{name: "late before rejection", text: local + "correlate: {watermark_delay: «»3h}\n", rule: "window-order", says: []string{"correlate.horizons.bids 2h"}},
		{name: "no credit for anything", text: local + "correlate: {windows: {click_through: «»0s, view_through: 0s}}\n", rule: "no-credit", warns: true},
		{name: "columns without a time", text: local + "decode: {csv: {clicks_columns: «»[user_id, campaign_id]}}\n", rule: "column-missing", says: []string{"event_timestamp"}},
		{name: "columns without a type", text: local + "decode: {csv: {conversions_columns: «»[ts, user_id]}}\n", rule: "column-missing", says: []string{"conversion_type"}},
		{name: "both user keys", text: local + "correlate: {user_key: {secret: «»0123456789abcdef, secret_file: file}}\n", rule: "both-set"},
		{name: "short user key", text: local + "correlate: {user_key: {secret: «»abc}}\n", rule: "user-key-short", warns: true},
		{name: "in flight above the memory", text: local + "limits: {in_flight_bytes: «»4GiB}\n", rule: "limit-order", says: []string{"state.memory_limit 2GiB"}},
		{name: "record above what may be in flight", text: "kafka: {brokers: [localhost:9092], fetch: {max_bytes_partition: 1MiB}}\nlimits: {record_max_bytes: «»16MiB, in_flight_bytes: 8MiB}\n", rule: "limit-order"},
		{name: "a fetch above what may be in flight", text: "kafka: {brokers: [localhost:9092], fetch: {max_bytes_partition: «»256MiB}}\nlimits: {in_flight_bytes: 128MiB}\n", rule: "limit-order"},
		{name: "memory above the machine", text: local + "state: {memory_limit: «»24GiB}\n", rule: "state-over-ram", warns: true, says: []string{"state.memory_limit 24GiB exceeds this machine's 16GiB; the node would be killed before it pushes back."}},
		{name: "hour without date", text: local + "sink: {partition_by: «»[hour]}\n", rule: "partition-order"},
		{name: "hour before date", text: local + "sink: {partition_by: «»[hour, dt]}\n", rule: "partition-order"},
		{name: "admin for everyone", text: local + "server: {admin: «»\"0.0.0.0:8081\"}\n", rule: "admin-exposed"},
		{name: "admin without a host", text: local + "server: {admin: «»\":8081\"}\n", rule: "admin-exposed"},
		{name: "one address for two listeners", text: local + "server: {admin: «»\"127.0.0.1:8080\"}\n", rule: "same-address"},
		{name: "warehouse without a target", text: local + "load:\n  - «»schedule: 5s\n", rule: "required", says: []string{"item 1 of load has no target"}},
		{name: "one warehouse twice", text: local + "load: [{target: duckdb}, «»{target: duckdb}]\n", rule: "load-twice"},
	}
}

// TestF40_TypoCorpus: every file is caught, by the rule meant, at the place
// meant, and with no second diagnostic for the same mistake.
func TestF40_TypoCorpus(t *testing.T) {
	cases := corpus()
	if len(cases) < 60 {
		t.Fatalf("the corpus has %d files, at least 60 are due", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "file"), "content")
			write(t, filepath.Join(dir, "empty"), "")
			line, column := mark(c.text)
			file := filepath.Join(dir, "adjoin.yaml")
			write(t, file, strings.ReplaceAll(c.text, "«»", ""))

			found := diagnose(t, Source{
				Files:   []string{file},
				Environ: []string{"WORD=newest", "ADJOIN_NODE__DATA_DIR=" + dir},
				Need:    NodeNeeds(),
				Memory:  16 * GiB,
			})
			if len(found) != 1 {
				t.Fatalf("found %d diagnostics, want 1:\n%s", len(found), found)
			}
			d := found[0]
			want := Diagnostic{Place: Place{file, line, column}, Severity: SeverityError, Rule: c.rule, Message: d.Message}
			if c.warns {
				want.Severity = SeverityWarning
			}
			if d != want {
				t.Errorf("found %s\nwant  %s", d, want)
			}
			for _, fragment := range c.says {
				if !strings.Contains(d.Message, fragment) {
					t.Errorf("message %q does not say %q", d.Message, fragment)
				}
			}
		})
	}
}

// diagnose loads source and returns all diagnostics but the reminder about the
// user key, which every file without one gets.
func diagnose(t *testing.T, source Source) Diagnostics {
	t.Helper()
	var all Diagnostics
	loaded, err := Load(source)
	var invalid *Invalid
	switch {
	case errors.As(err, &invalid):
		all = invalid.Diagnostics
	case err != nil:
		t.Fatal(err)
	default:
		all = loaded.Warnings
	}
	var kept Diagnostics
	for _, d := range all {
		if d.Rule != "user-key-unset" {
			kept = append(kept, d)
		}
	}
	return kept
}

// mark is the line and column of «» in text, 0 and 0 without one.
func mark(text string) (line, column int) {
	before, _, found := strings.Cut(text, "«»")
	if !found {
		return 0, 0
	}
	lastLine := before[strings.LastIndexByte(before, '\n')+1:]
	return strings.Count(before, "\n") + 1, len([]rune(lastLine)) + 1
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAllErrorsAtOnce: three files' worth of mistakes come out in one run, in
// the order of the places, with the texts of the interface's error style.
func TestAllErrorsAtOnce(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "adjoin.yaml", `# six lines of prose
# so that the places
# are not the first
kafka:
  brokers: [kafka-1:9093]
  sasl: {mechanisim: SCRAM-SHA-512, username: adjoin, password: s3cret-canary}
  tls: {enabled: true}
correlate:
  windows:
    view_through: 24h
    bid_join_web: 10m
    click_join:  30
state:
  memory_limit: 24GiB
`)
	_, err := Load(Source{
		Files: []string{"adjoin.yaml"}, Need: NodeNeeds(), Memory: 16 * GiB,
		Environ: []string{"ADJOIN_SINK__URL=hdfs://x", "ADJOIN_KAFKA_BROKERS=a:1", "ADJOIN_SERVICE_HOST=10.0.0.1"},
		Set:     []string{"correlate.shards=0", "nothing", "sink.url"},
		Flags:   []Override{{Flag: "--listen", Path: "server.listen", Text: "here"}},
	})
	want := `adjoin.yaml: warning: user ids are hashed with a key that everyone knows; set correlate.user_key.secret_file. [user-key-unset]
adjoin.yaml:6:10: error: unknown key "kafka.sasl.mechanisim"; did you mean "mechanism"? [unknown-key]
adjoin.yaml:12:18: error: correlate.windows.click_join: "30" has no unit; write 30s, 30m or 30d. [no-unit]
adjoin.yaml:14:17: warning: state.memory_limit 24GiB exceeds this machine's 16GiB; the node would be killed before it pushes back. [state-over-ram]
env ADJOIN_KAFKA_BROKERS: error: no key belongs to this variable (two underscores separate levels); did you mean "ADJOIN_KAFKA__BROKERS"? [unknown-key]
env ADJOIN_SINK__URL: error: sink.url: "hdfs://x": scheme "hdfs" is not one of file, s3, gs, azblob. [not-a-url]
--set nothing: error: write path=value, for example kafka.brokers=localhost:9092. [no-value]
--set sink.url: error: write path=value, for example kafka.brokers=localhost:9092. [no-value]
--set correlate.shards: error: correlate.shards: 0 is below the least allowed, 1. [out-of-range]
--listen: error: server.listen: "here" is not an address to listen on; write for example 127.0.0.1:8080. [not-an-address]
8 errors, 2 warnings`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// TestEveryFieldRefusesNonsense: no field of the table accepts a map, and none
// but free text accepts a word that nobody would write.
func TestEveryFieldRefusesNonsense(t *testing.T) {
	free := map[string]bool{"text": true, "secret": true, "path": true, "list": true, "names": true}
	for _, f := range Fields() {
		if strings.Contains(f.Path, "[") || f.Type() == "maps" {
			continue
		}
		_, err := Load(Source{Set: []string{f.Path + "=no such thing"}, SkipFiles: true})
		if err == nil && (!free[f.Type()] || len(f.Enum) > 0 || f.check != nil) && f.Path != "sink.url" {
			t.Errorf("%s (%s) accepts nonsense", f.Path, f.Type())
		}
		parent, name := splitPath(f.Path)
		text := name + ": {a: b}\n"
		for parent != "" {
			parent, name = splitPath(parent)
			text = name + ":\n  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
		}
		file := filepath.Join(t.TempDir(), "a.yaml")
		write(t, file, text)
		if found := diagnose(t, Source{Files: []string{file}}); len(found) != 1 || found[0].Rule != "wrong-type" {
			t.Errorf("%s: a map gives %v, want one wrong-type for\n%s", f.Path, found, text)
		}
	}
}

// TestNearest: what counts as near.
func TestNearest(t *testing.T) {
	words := []string{"brokers", "client_id", "insecure", "tls"}
	for text, want := range map[string]string{
		"borkers": "brokers", "broker": "brokers", "clientId": "client_id", "CLIENT-ID": "client_id",
		"insecur": "insecure", "tsl": "tls", "zookeeper": "", "x": "", "": "",
	} {
		if got := nearest(text, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", text, got, want)
		}
	}
}

func ExampleLoad() {
	_, err := Load(Source{Set: []string{"correlate.orphan_hold=15"}})
	fmt.Println(err)
	// Output:
	// --set correlate.orphan_hold: error: correlate.orphan_hold: "15" has no unit; write 15s, 15m or 15d. [no-unit]
	// 1 error
}
