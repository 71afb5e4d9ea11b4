package kafkatest

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scripts fetch the jars and run the brokers; they work on their own, too.
//
//go:embed kafka-dev kafka-get
var scripts embed.FS

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

	dir   string // everything of the cluster, scripts included
	guard *exec.Cmd
	tell  io.Closer // closing it makes guard destroy the cluster
}

// The user that kafka-dev makes.
const user, password = "adjoin", "adjoin-secret"

// Start starts a cluster for one test and destroys it at the test's end, also
// when the test panics or the process is killed.
func Start(tb testing.TB, o Options) *Kafka {
	tb.Helper()
	skipOrFail(tb, o)
	k, err := start(o)
	if err != nil {
		tb.Fatalf("kafkatest: %v", err)
	}
	tb.Cleanup(k.Stop)
	return k
}

// Shared is a cluster for all tests of a package: a package-level variable of
// its test files. The first Start decides the options. It is destroyed at Stop
// (in TestMain) or when the process ends.
type Shared struct {
	once sync.Once
	k    *Kafka
	err  error
}

// Start is the cluster, started by the first caller.
func (s *Shared) Start(tb testing.TB, o Options) *Kafka {
	tb.Helper()
	skipOrFail(tb, o)
	s.once.Do(func() { s.k, s.err = start(o) })
	if s.err != nil {
		tb.Fatalf("kafkatest: %v", s.err)
	}
	return s.k
}

// Stop destroys the cluster if it was started.
func (s *Shared) Stop() {
	s.once.Do(func() { s.err = errors.New("stopped before it was started") })
	if s.k != nil {
		s.k.Stop()
	}
}

// skipOrFail skips the test when SKIP_KAFKA=1, and fails it when a tool is
// missing: a test that silently does not run proves nothing.
func skipOrFail(tb testing.TB, o Options) {
	tb.Helper()
	if os.Getenv("SKIP_KAFKA") == "1" {
		tb.Skip("SKIP_KAFKA=1: not run against a real Apache Kafka")
	}
	const orSkip = ", or set SKIP_KAFKA=1 to leave out the tests against a real Apache Kafka"
	need := map[string]string{
		"bash": "bash", "java": "a Java 17 runtime (Debian: apt-get install openjdk-17-jre-headless)",
		"mvn": "Maven, which fetches Apache Kafka (Debian: apt-get install maven)",
	}
	if o.Secure {
		need["openssl"] = "openssl"
	}
	for tool, what := range need {
		if _, err := exec.LookPath(tool); err != nil {
			tb.Fatalf("kafkatest: %s is not installed: install %s%s", tool, what, orSkip)
		}
	}
	if v := javaVersion(); v < 17 {
		tb.Fatalf("kafkatest: java is version %d, Apache Kafka needs 17: install %s%s", v, need["java"], orSkip)
	}
}

// javaVersion is the major version of java, 0 if it does not say.
func javaVersion() int {
	out, err := exec.Command("java", "-version").CombinedOutput()
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(`version "(\d+)`).FindSubmatch(out)
	if m == nil {
		return 0
	}
	v, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0
	}
	return v
}

// start starts a cluster on free ports. Somebody may take a port between our
// look and the broker's, so it tries three times.
func start(o Options) (*Kafka, error) {
	var err error
	for range 3 {
		var k *Kafka
		if k, err = startAt(o, freePorts()); err == nil {
			return k, nil
		}
	}
	return nil, err
}

func startAt(o Options, port int) (*Kafka, error) {
	dir, err := os.MkdirTemp("", "kafkatest-")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"kafka-dev", "kafka-get"} {
		text, err := scripts.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o755)
		}
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	k := &Kafka{dir: dir}
	if err := k.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	args := []string{"--port", strconv.Itoa(port), "--version", or(o.Version, "4"), "--brokers", strconv.Itoa(max(1, o.Brokers))}
	if o.Secure {
		args = append(args, "--secure")
	}
	for key, value := range o.Settings {
		args = append(args, "--set", key+"="+value)
	}
	out, err := k.run("start", args...)
	if err != nil {
		k.Stop()
		return nil, err
	}
	k.parse(out)
	return k, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// watch starts the guard: a process that destroys the cluster when our end of
// its standard input closes, for which no code of ours needs to run.
func (k *Kafka) watch() error {
	k.guard = k.command("guard")
	k.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for the tests, not for it
	stdin, err := k.guard.StdinPipe()
	if err != nil {
		return err
	}
	k.tell = stdin
	return k.guard.Start()
}

func (k *Kafka) command(name string, args ...string) *exec.Cmd {
	args = append([]string{filepath.Join(k.dir, "kafka-dev"), name, "--dir", k.dir}, args...)
	return exec.Command("bash", args...)
}

func (k *Kafka) run(name string, args ...string) (string, error) {
	cmd := k.command(name, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kafka-dev %s: %w\n%s", name, err, complaint.String())
	}
	return out.String(), nil
}

// parse reads what kafka-dev start prints.
func (k *Kafka) parse(out string) {
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "bootstrap":
			k.Brokers = strings.Split(value, ",")
		case "secure":
			k.Secure = strings.Split(value, ",")
			k.User, k.Password = user, password
		case "ca":
			k.CAFile = value
		}
	}
}

// Kill ends broker id (from 1) at once, as a crash would.
func (k *Kafka) Kill(id int) error { return k.broker("kill", id) }

// Down stops broker id cleanly.
func (k *Kafka) Down(id int) error { return k.broker("down", id) }

// Up starts broker id again and waits until all brokers see each other.
func (k *Kafka) Up(id int) error { return k.broker("up", id) }

func (k *Kafka) broker(what string, id int) error {
	_, err := k.run(what, strconv.Itoa(id))
	return err
}

// CPU is the processor time that broker id (from 1) has used since it was last
// started. It is read from /proc, so it is an error elsewhere than on Linux.
func (k *Kafka) CPU(id int) (time.Duration, error) {
	pid, err := os.ReadFile(filepath.Join(k.dir, fmt.Sprintf("broker-%d", id), "pid"))
	if err != nil {
		return 0, err
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "stat"))
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may hold spaces; user and system time are the
	// 12th and 13th field behind it, in ticks of which Linux shows 100 a second.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc stat of broker %d has %d fields", id, len(fields))
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// Log is the log of broker id (from 1), for a failed test.
func (k *Kafka) Log(id int) string {
	text, err := os.ReadFile(filepath.Join(k.dir, fmt.Sprintf("broker-%d", id), "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Stop destroys the cluster and waits until it is gone.
func (k *Kafka) Stop() {
	k.tell.Close()
	// The guard's exit code says nothing that could still be mended.
	_ = k.guard.Wait()
	os.RemoveAll(k.dir)
}

// freePorts is the first of a block of ports as kafka-dev uses them (P to P+2,
// P+10 to P+12, P+20 to P+22), all free a moment ago, below the range from which
// systems take ports for outgoing connections.
func freePorts() int {
	for {
		port := 15_000 + 30*rand.IntN(500)
		if allFree(port) {
			return port
		}
	}
}

func allFree(port int) bool {
	for _, off := range []int{0, 1, 2, 10, 11, 12, 20, 21, 22} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+off))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
