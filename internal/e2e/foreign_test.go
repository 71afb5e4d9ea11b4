package e2e

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/pom.xml
var foreignPom []byte

// foreign are clients that are not ours: Kafka's command line tools, and a
// program of ours that has nothing but Apache's producer and Apache's Avro in
// it.
type foreign struct {
	class   string // the class path
	schema  string // of bid requests, as a file
	brokers string
}

// foreignClients fetches the clients once into a cache and compiles the
// program. It runs after kafkatest has seen that Java and Maven are there.
func foreignClients(t *testing.T, brokers []string) *foreign {
	t.Helper()
	libs := foreignJars(t)
	jars, err := filepath.Glob(filepath.Join(libs, "*.jar"))
	must(t, err)
	class, out := strings.Join(jars, string(os.PathListSeparator)), t.TempDir()
	compiler, err := filepath.Glob(filepath.Join(libs, "ecj-*.jar"))
	must(t, err)
	source, err := filepath.Abs("testdata/Produce.java")
	must(t, err)
	// Eclipse's compiler runs where there is a Java runtime and no JDK.
	start(t, out, nil, "java", "-jar", compiler[0], "-17", "-proc:none", "-cp", class, "-d", out, source).wait(t, time.Minute).ok(t, 0)
	schema, err := filepath.Abs("testdata/bid_request.avsc")
	must(t, err)
	return &foreign{class: out + string(os.PathListSeparator) + class, schema: schema, brokers: strings.Join(brokers, ",")}
}

// foreignJars is the folder of the jars. The name holds a hash of the pom, so a
// changed pom is another folder; one rename makes it visible.
func foreignJars(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	must(t, err)
	final := filepath.Join(cache, "adjoin-e2e", fmt.Sprintf("foreign-%x", sha256.Sum256(foreignPom))[:24])
	if _, err := os.Stat(final); err == nil {
		return final
	}
	must(t, os.MkdirAll(filepath.Dir(final), 0o755))
	work, err := os.MkdirTemp(filepath.Dir(final), ".get-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(work) })
	pom := filepath.Join(work, "pom.xml")
	must(t, os.WriteFile(pom, foreignPom, 0o600))
	libs := filepath.Join(work, "libs")
	cmd := exec.CommandContext(within(t, 5*time.Minute), "mvn", "-B", "-q", "-ntp", "-C", "-f", pom,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+libs)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("Maven could not fetch the clients of testdata/pom.xml: %v\n%s", err, out)
	}
	if err := os.Rename(libs, final); err != nil {
		if _, there := os.Stat(final); there != nil {
			t.Fatal(err)
		}
	}
	return final
}

// console sends lines with Kafka's console producer, each a record.
func (f *foreign) console(t *testing.T, topic string, lines ...string) {
	t.Helper()
	start(t, t.TempDir(), []byte(strings.Join(lines, "\n")+"\n"), "java", "-cp", f.class,
		"org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", f.brokers, "--topic", topic,
	).wait(t, time.Minute).ok(t, 0)
}

// avro sends bid requests given as JSON, encoded by Apache Avro with a schema
// file and a framing: bare, single or container.
func (f *foreign) avro(t *testing.T, topic, framing, schema string, objects ...string) {
	t.Helper()
	start(t, t.TempDir(), []byte(strings.Join(objects, "\n")+"\n"), "java", "-cp", f.class,
		"Produce", f.brokers, topic, framing, schema).wait(t, time.Minute).ok(t, 0)
}

// raw sends values as they are, line breaks and all.
func (f *foreign) raw(t *testing.T, topic string, values ...string) {
	t.Helper()
	var b strings.Builder
	for _, v := range values {
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(v)) + "\n")
	}
	start(t, t.TempDir(), []byte(b.String()), "java", "-cp", f.class, "Produce", f.brokers, topic, "raw").wait(t, time.Minute).ok(t, 0)
}
