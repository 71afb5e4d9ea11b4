package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const canary = "canary-7f3a"

// TestS13_SecretsAreNeverShown puts a canary wherever a secret can stand and
// looks for it in everything that this package prints.
func TestS13_SecretsAreNeverShown(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "secret", canary+"\n")
	write(t, "good.yaml", `
kafka:
  brokers: [localhost:9092]
  client_id: "${file:secret}"
  sasl: {mechanism: PLAIN, username: a, password: `+canary+`}
decode:
  avro:
    registry: {url: "https://schemas:8081", username: u, password: "${env:PW}"}
correlate:
  user_key: {secret: "${file:secret}"}
sink: {url: "s3://bucket/x?region=eu&secret_key=`+canary+`"}
`)
	loaded := mustLoad(t, Source{Files: []string{"good.yaml"}, Environ: []string{"PW=" + canary}})
	if got := loaded.Config.Kafka.SASL.Password.Reveal(); got != canary {
		t.Fatalf("password = %q: the canary is not in place", got)
	}
	values, err := json.Marshal(loaded.Values(false))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{
		"show":     loaded.YAML(true, false),
		"values":   string(values),
		"warnings": loaded.Warnings.String(),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown[verb] = fmt.Sprintf(verb, loaded.Config.Kafka.SASL)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", loaded.Config.Kafka.SASL.Password, "sasl", loaded.Config.Kafka.SASL)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", loaded.Config.Kafka.SASL.Password, "sasl", loaded.Config.Kafka.SASL)
	shown["log"] = log.String()
	text, err := json.Marshal([]any{loaded.Config.Kafka.SASL, loaded.Config.Decode, loaded.Config.Correlate})
	if err != nil {
		t.Fatal(err)
	}
	shown["json"] = string(text)
	for what, s := range shown {
		if strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s shows the secret:\n%s", what, s)
		}
	}
	if !strings.Contains(shown["show"], redacted) {
		t.Errorf("show does not say that there is a secret:\n%s", shown["show"])
	}
}

// TestS13_ErrorsDoNotQuoteSecrets: the same for values that are refused.
func TestS13_ErrorsDoNotQuoteSecrets(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "secret", canary+" x\n")
	for name, text := range map[string]string{
		"reference to a file": "kafka: {brokers: [\"${file:secret}\"]}\n",
		"reference in a URL":  "decode: {avro: {registry: {url: \"ftp://u:${file:secret}@h\"}}}\n",
		"password in a URL":   "decode: {avro: {registry: {url: \"ftp://u:" + canary + "@h:8081\"}}}\n",
		"broken URL":          "sink: {url: \"s3://u:" + canary + "%zz@bucket\"}\n",
		"option of a URL":     "sink: {url: \"hdfs://b?token=" + canary + "\"}\n",
		"map for a secret":    "kafka: {sasl: {password: {a: " + canary + "}}}\n",
		"list for a secret":   "kafka: {sasl: {password: [" + canary + "]}}\n",
		"map for a map":       "kafka: {sasl: " + canary + "}\n",
		"short secret":        "correlate: {user_key: {secret: " + canary + "}}\n",
		"duplicate list item": "kafka: {topics: {clicks: [\"${env:PW}\", \"${env:PW}\"]}}\n",
	} {
		write(t, "a.yaml", text)
		found := diagnose(t, Source{Files: []string{"a.yaml"}, Environ: []string{"PW=" + canary}})
		if len(found) == 0 {
			t.Errorf("%s: nothing found", name)
		}
		if strings.Contains(found.String(), canary) && name != "map for a map" {
			t.Errorf("%s: the message shows the secret:\n%s", name, found)
		}
	}
}

// TestS13_NoSecretsInArguments: --set takes no literal secret.
func TestS13_NoSecretsInArguments(t *testing.T) {
	found := diagnose(t, Source{Set: []string{"kafka.sasl.password=" + canary}})
	if len(found) != 1 || found[0].Rule != "secret-in-arguments" || strings.Contains(found.String(), canary) {
		t.Errorf("found %v", found)
	}
}

// TestCurrentSecret: a file wins, loses its final line break, and is read again
// each time.
func TestCurrentSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pw")
	s := SASL{Password: NewSecret("literal")}
	if got, err := s.CurrentPassword(); err != nil || got.Reveal() != "literal" {
		t.Errorf("without a file: %q, %v", got.Reveal(), err)
	}
	s.PasswordFile = Path(file)
	if _, err := s.CurrentPassword(); err == nil {
		t.Error("a missing file gave no error")
	}
	for _, text := range []string{"first\n", "second\r\n", " third "} {
		write(t, file, text)
		got, err := s.CurrentPassword()
		if want := strings.TrimRight(text, "\r\n"); err != nil || got.Reveal() != want {
			t.Errorf("got %q, %v, want %q", got.Reveal(), err, want)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func TestRedactURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://host:8081/a":              "https://host:8081/a",
		"https://user@host":                "https://user@host",
		"https://user:pw@host/a?b=c":       "https://user:[redacted]@host/a?b=c",
		"s3://b/x?region=eu&secret_key=pw": "s3://b/x?region=eu&secret_key=[redacted]",
		"azblob://b?sig=pw":                "azblob://b?sig=[redacted]",
		"s3://u:pw%zz@bucket":              "s3://[redacted]@bucket",
		"lake/x":                           "lake/x",
	} {
		if got := redactURL(text); got != want {
			t.Errorf("redactURL(%q) = %q, want %q", text, got, want)
		}
	}
}
