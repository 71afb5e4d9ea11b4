package oracle

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func dumpOf(topic string, values ...string) string {
	var b strings.Builder
	for i, v := range values {
		fmt.Fprintf(&b, `{"topic":%q,"partition":1,"offset":%d,"timestamp_ms":%d,"key_b64":null,"value_b64":%q,"headers":[["k","dg=="]]}`+"\n",
			topic, i+5, at("12:00:01").UnixMilli(), base64.StdEncoding.EncodeToString([]byte(v)))
	}
	return b.String()
}

func TestDump_PlainAndCompressed(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	write("clicks.ndjson", []byte(dumpOf("clicks", "2026-03-02T12:00:00Z,u,A\n")+`{"topic":"clicks","partition":1,"offset":9,"timestamp_ms":0,"key_b64":null,"value_b64":null,"headers":[]}`))
	write("ad_impressions.ndjson.zst", enc.EncodeAll([]byte(dumpOf("ad_impressions", `{"id":"i","creative_id":"c",`+noon+`}`)), nil))
	out, err := Run(Input{Records: Dir(dir), Settings: DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", spaced(len(out.Clicks), len(out.Impressions), out.Impressions[0].SrcOffset, out.Impressions[0].SrcPartition, reasons(out), out.Rejected[0].Offset),
		"1 1 5 1 0:EMPTY: 9")

	write("clicks.ndjson.zst", nil)
	if _, err := Run(Input{Records: Dir(dir), Settings: DefaultSettings()}); err == nil || !strings.Contains(err.Error(), "both") {
		t.Errorf("two dumps of one topic: %v", err)
	}
}

func TestDump_FaultsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"{":                                  "line 1: not a record",
		"\n" + dumpOf("clicks", "x")[:9]:     "line 2: not a record",
		dumpOf("other", "x"):                 `record of topic "other"`,
		`{"topic":"clicks","value_b64":"?"}`: "value_b64",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "clicks.ndjson"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Run(Input{Records: Dir(dir), Settings: DefaultSettings()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestRun_RefusesWrongSettings(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"currency":  func(i *Input) { i.Settings.Currency = "dollar" },
		"id mode":   func(i *Input) { i.Settings.IDMode = "random" },
		"delimiter": func(i *Input) { i.Settings.CSVDelimiter = '"' },
		"half-life": func(i *Input) { i.Settings.HalfLife = 0 },
		"schema":    func(i *Input) { i.Settings.AvroSchema = "{" },
		"campaigns": func(i *Input) { i.Campaigns = []byte(`[{"campaign_id":"A","windows":{"bid_joint":"1m"}}]`) },
		"creatives": func(i *Input) { i.Creatives = []byte(`{`) },
		"span":      func(i *Input) { i.Campaigns = []byte(`[{"campaign_id":"A","windows":{"bid_join":"1"}}]`) },
	} {
		in := Input{Records: newFeed(), Settings: DefaultSettings()}
		change(&in)
		if _, err := Run(in); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
