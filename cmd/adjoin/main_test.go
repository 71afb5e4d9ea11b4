package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// result is one run of the program.
type result struct {
	code     int
	out, err string
}

func runWith(ctx context.Context, environ []string, args ...string) result {
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &errs, environ: environ}
	code := a.run(ctx, args)
	return result{code, out.String(), errs.String()}
}

func run(args ...string) result { return runWith(context.Background(), nil, args...) }

func file(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestExitCodes: the code of each kind of end, and which stream says what.
func TestExitCodes(t *testing.T) {
	t.Chdir(t.TempDir())
	good := file(t, "good.yaml", "kafka: {brokers: [localhost:9092]}\n")
	bad := file(t, "bad.yaml", "kafka: {brokers: [localhost]}\n")
	for _, test := range []struct {
		args []string
		code int
		says string // on standard error
	}{
		{[]string{"version"}, exitOK, ""},
		{[]string{"help", "exit-codes"}, exitOK, ""},
		{[]string{"help", "e-config"}, exitOK, ""},
		{[]string{"help", "config", "check"}, exitOK, ""},
		{nil, exitOK, ""},
		{[]string{"config"}, exitOK, ""},
		{[]string{"config", "check", good}, exitOK, "user-key-unset"},
		{[]string{"config", "check", "--strict", good}, exitConfig, "user-key-unset"},
		{[]string{"config", "check", bad}, exitConfig, "bad.yaml:1:19: error: kafka.brokers: \"localhost\" has no port; write localhost:9092. [not-an-address]"},
		{[]string{"config", "check", "missing.yaml"}, exitConfig, "missing.yaml: error: cannot be read: no such file or directory"},
		{[]string{"config", "show", "-c", bad}, exitConfig, "bad.yaml:1:19"},
		{[]string{"confg"}, exitUsage, `error: "confg" is not a command of adjoin; did you mean "config"?`},
		{[]string{"conf"}, exitUsage, `"conf" is not a command`}, // no abbreviations
		{[]string{"config", "chek"}, exitUsage, `did you mean "check"?`},
		{[]string{"config", "check"}, exitUsage, "needs a FILE"},
		{[]string{"config", "explain", "kafka.strat"}, exitUsage, `did you mean "start"?`},
		{[]string{"version", "now"}, exitUsage, `adjoin version takes no arguments, and "now" is one`},
		{[]string{"--bogus"}, exitUsage, "unknown flag: --bogus"},
		{[]string{"version", "--output"}, exitUsage, "flag needs an argument"},
		{[]string{"version", "-o", "xml"}, exitUsage, `--output "xml" is not a form of adjoin version; it has text, json`},
		{[]string{"version", "--color", "blue"}, exitUsage, `--color "blue"`},
		{[]string{"version", "--log-format", "xml"}, exitUsage, `--log-format "xml"`},
		{[]string{"version", "--timeout", "30"}, exitUsage, `--timeout "30" has no unit; write 30s, 30m or 30d`},
		{[]string{"version", "-q", "-v"}, exitUsage, "exclude each other"},
		{[]string{"diff", "a"}, exitUsage, "adjoin diff takes two folders, and 1 arguments were given"},
		{[]string{"diff", "a", "b"}, exitUsage, "a is no folder of tables"},
		{[]string{"query", "--file", "gone.sql"}, exitUsage, "--file: open gone.sql: no such file or directory"},
		{[]string{"query", "select 1"}, exitUsage, "no warehouse is named"},
		{[]string{"query", "--path", "gone.duckdb", "select 1"}, exitUnreachable, "error[E-WAREHOUSE-MISSING]: there is no warehouse file gone.duckdb"},
		{[]string{"journey"}, exitUsage, "takes one USER"},
		{[]string{"replay", "--input", "gone", "--out", "out"}, exitUsage, "--input gone: open gone: no such file or directory"},
		{[]string{"oracle", "--input", "gone", "--out", "out"}, exitUsage, "--input gone: open gone: no such file or directory"},
		{[]string{"gen", "--out", "out", "--rate", "5"}, exitUsage, `--rate "5" is not a rate`},
		{[]string{"gen", "--out", "out", "--partitions", "x"}, exitUsage, `--partitions "x" is not a number`},
		{[]string{"gen", "--out", "out", "--bids=perhaps"}, exitUsage, `--bids "perhaps" is not true or false`},
		{[]string{"gen", "--out", good}, exitUsage, "--out good.yaml: mkdir good.yaml"},
		{[]string{"check", "store", "--timeout", "5"}, exitUsage, `--timeout "5" has no unit`},
		{[]string{"check", "store", "--set", "sink.url=" + good}, exitRefused, "error[E-STORE-REFUSED]: open "},
		{[]string{"help", "nonsense"}, exitUsage, `"nonsense" is no command and no topic`},
	} {
		got := run(test.args...)
		if got.code != test.code || !strings.Contains(got.err, test.says) {
			t.Errorf("adjoin %s: exit %d, stderr %q; want exit %d and %q", strings.Join(test.args, " "), got.code, got.err, test.code, test.says)
		}
		if test.code != exitOK && got.out != "" && test.args[0] != "check" {
			t.Errorf("adjoin %s failed and wrote %q to stdout", strings.Join(test.args, " "), got.out)
		}
	}
}

// TestErrorStyle pins the text and the JSON form of an error.
func TestErrorStyle(t *testing.T) {
	f := &failure{
		exit: exitUnreachable, id: "E-KAFKA-TLS", retryable: false,
		message: "kafka-1:9093 answered with a TLS alert, but kafka.tls.enabled is false (adjoin.yaml:5).",
		hint:    []string{"Port 9093 is usually TLS. Set kafka.tls.enabled: true, or use the plaintext port.", "Check step by step: adjoin check kafka"},
	}
	var text, document bytes.Buffer
	f.report(&text, false)
	f.report(&document, true)
	wantText := `error[E-KAFKA-TLS]: kafka-1:9093 answered with a TLS alert, but kafka.tls.enabled is false (adjoin.yaml:5).
  Port 9093 is usually TLS. Set kafka.tls.enabled: true, or use the plaintext port.
  Check step by step: adjoin check kafka
  Explain: adjoin help E-KAFKA-TLS
`
	if text.String() != wantText {
		t.Errorf("text:\n%s\nwant:\n%s", text.String(), wantText)
	}
	wantDocument := `{"format_version":1,"error":{"code":"E-KAFKA-TLS","message":"kafka-1:9093 answered with a TLS alert, but kafka.tls.enabled is false (adjoin.yaml:5).","hint":"Port 9093 is usually TLS. Set kafka.tls.enabled: true, or use the plaintext port. Check step by step: adjoin check kafka","retryable":false,"exit_code":4}}
`
	if document.String() != wantDocument {
		t.Errorf("json:\n%s\nwant:\n%s", document.String(), wantDocument)
	}
}

// TestJSONMode: exactly one document, on stdout for a result and on stderr for
// an error.
func TestJSONMode(t *testing.T) {
	t.Chdir(t.TempDir())
	good := file(t, "good.yaml", "kafka: {brokers: [localhost:9092]}\n")
	bad := file(t, "bad.yaml", "kafka: {brokers: [localhost], sasl: {password: canary}}\nlog: {level: 1}\n")
	for _, args := range [][]string{{"version"}, {"config", "check", good}, {"config", "show", "-c", good}, {"config", "schema"}} {
		got := run(append(args, "-o", "json")...)
		if got.code != exitOK || !json.Valid([]byte(got.out)) {
			t.Errorf("%v: exit %d, stdout %q", args, got.code, got.out)
		}
	}
	got := run("config", "check", bad, "-o", "json")
	var document errorDocument
	if err := json.Unmarshal([]byte(got.err), &document); err != nil {
		t.Fatalf("stderr %q is not one document: %v", got.err, err)
	}
	if document.FormatVersion != 1 || document.Error.Code != "E-CONFIG" || document.Error.ExitCode != exitConfig || len(document.Error.Diagnostics) != 4 {
		t.Errorf("document %+v", document)
	}
	if strings.Contains(got.err+got.out, "canary") {
		t.Error("a secret is shown")
	}
	usage := run("-o", "json", "--bogus")
	if err := json.Unmarshal([]byte(usage.err), &document); err != nil || document.Error.Code != "E-USAGE" {
		t.Errorf("usage error %q: %v", usage.err, err)
	}
}

// TestOneDocument: a command that would print two documents fails instead.
func TestOneDocument(t *testing.T) {
	a := &app{out: &bytes.Buffer{}}
	if err := a.document(1); err != nil {
		t.Fatal(err)
	}
	if err := a.document(2); err == nil {
		t.Error("a second document was accepted")
	}
}

// TestConfigLayers: the global flags reach the configuration.
func TestConfigLayers(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "a.yaml", "node: {id: a}\nlog: {level: warn}\n")
	file(t, "b.yaml", "node: {id: b}\n")
	got := runWith(context.Background(), []string{"ADJOIN_CORRELATE__SHARDS=16"}, "config", "show", "--sources", "--changed", "-c", "a.yaml", "--config", "b.yaml", "--set", "decode.currency=EUR")
	for _, line := range []string{"shards: 16", "env ADJOIN_CORRELATE__SHARDS", "id: b", "b.yaml:1:12", "level: warn", "a.yaml:2:14", "currency: EUR", "--set decode.currency"} {
		if !strings.Contains(got.out, line) {
			t.Errorf("show does not say %q:\n%s%s", line, got.out, got.err)
		}
	}
}

// TestClassification: how errors become exit codes.
func TestClassification(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	late, stop := context.WithTimeout(context.Background(), 0)
	defer stop()
	for _, test := range []struct {
		name    string
		ctx     context.Context
		err     error
		started bool
		exit    int
	}{
		{"a failure stays what it is", context.Background(), fmt.Errorf("wrapped: %w", &failure{exit: exitRefused, message: "no"}), true, exitRefused},
		{"cobra's own error is usage", context.Background(), errors.New("required flag"), false, exitUsage},
		{"anything else is unexpected", context.Background(), errors.New("boom"), true, exitUnexpected},
		{"a signal", interrupted, fmt.Errorf("fetch: %w", context.Canceled), true, exitInterrupted},
		{"a cancelled context of something else", context.Background(), context.Canceled, true, exitUnexpected},
		{"out of time", late, context.DeadlineExceeded, true, exitUnreachable},
		{"a time-out of something else", context.Background(), context.DeadlineExceeded, true, exitUnexpected},
	} {
		if got := asFailure(test.ctx, test.err, test.started); got.exit != test.exit {
			t.Errorf("%s: exit %d, want %d", test.name, got.exit, test.exit)
		}
	}
}

// TestPagesAreComplete: every error page has all its parts, a known exit code
// and a command that exists; every exit code of a page is in the table.
func TestPagesAreComplete(t *testing.T) {
	var codes []int
	for _, c := range exitCodes() {
		codes = append(codes, c.code)
	}
	seen := map[string]bool{}
	for _, p := range errorPages() {
		if !strings.HasPrefix(p.id, "E-") || p.id != strings.ToUpper(p.id) || seen[p.id] {
			t.Errorf("id %q is malformed or there twice", p.id)
		}
		seen[p.id] = true
		if p.title == "" || p.means == "" || len(p.causes) == 0 || p.atRisk == "" || len(p.next) == 0 {
			t.Errorf("%s lacks a part", p.id)
		}
		if !slices.Contains(codes, p.exit) {
			t.Errorf("%s ends with %d, which is no exit code", p.id, p.exit)
		}
		if got := run("help", p.id); got.code != exitOK || !strings.Contains(got.out, p.title) {
			t.Errorf("adjoin help %s: %+v", p.id, got)
		}
	}
	if got := run("help", "errors"); !strings.Contains(got.out, "E-KAFKA-TLS") {
		t.Errorf("adjoin help errors: %q", got.out)
	}
}

// TestEveryCodeHasAPage: no error sends its reader to a page that is not there,
// and no page is about a code that nothing uses.
func TestEveryCodeHasAPage(t *testing.T) {
	used := map[string]string{"E-USAGE": "fail.go"} // what JSON mode calls a failure without a code
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.HasPrefix(filepath.Base(path), "pages") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, code := range regexp.MustCompile(`"E-[A-Z-]+[A-Z]"`).FindAllString(string(text), -1) {
			used[strings.Trim(code, `"`)] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 20 {
		t.Fatalf("only %d codes were found: %v", len(used), used)
	}
	for _, p := range errorPages() {
		if used[p.id] == "" {
			t.Errorf("nothing uses %s", p.id)
		}
		delete(used, p.id)
	}
	for code, path := range used {
		t.Errorf("%s of %s has no page", code, path)
	}
}

// TestEveryCommandIsDescribed: a short text each, and no command without
// something to run.
func TestEveryCommandIsDescribed(t *testing.T) {
	root := newRootCommand(&app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}})
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.RunE == nil {
			t.Errorf("%s lacks a short text or RunE", c.CommandPath())
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(root)
}

// TestCompletion: keys for --set, commands and topics for help.
func TestCompletion(t *testing.T) {
	for want, args := range map[string][]string{
		"kafka.brokers=":        {"__complete", "--set", "kafka.b"},
		"kafka.topics.clicks":   {"__complete", "config", "explain", "kafka.topics.c"},
		"kafka.topics":          {"__complete", "config", "explain", "kafka.to"},
		"E-KAFKA-TLS":           {"__complete", "help", ""},
		"json":                  {"__complete", "version", "-o", ""},
		"bash completion V2":    {"completion", "bash"},
		"#compdef adjoin":       {"completion", "zsh"},
		"complete -c adjoin":    {"completion", "fish"},
		"Register-ArgumentComp": {"completion", "powershell"},
	} {
		if got := run(args...); got.code != exitOK || !strings.Contains(got.out, want) {
			t.Errorf("adjoin %v does not offer %q: exit %d\n%.300s", args, want, got.code, got.out)
		}
	}
}

// TestLogger: the form and the level of the log.
func TestLogger(t *testing.T) {
	t.Chdir(t.TempDir())
	file(t, "a.yaml", "log: {level: warn, format: text}\n")
	for _, test := range []struct {
		args   []string
		starts string // of an info line, "" for none
	}{
		{nil, `{"time":`}, // not a terminal
		{[]string{"--log-format", "text"}, "time="},
		{[]string{"-c", "a.yaml"}, ""},
		{[]string{"-c", "a.yaml", "-v"}, "time="},
		{[]string{"-c", "a.yaml", "-v", "--log-format", "json"}, `{"time":`},
		{[]string{"-q"}, ""},
	} {
		var errs bytes.Buffer
		a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &errs}
		root := newRootCommand(a)
		root.AddCommand(&cobra.Command{Use: "probe", RunE: func(*cobra.Command, []string) error {
			if _, err := a.loadConfig(nil); err != nil {
				return err
			}
			a.log.Info("hello")
			return nil
		}})
		root.SetArgs(append([]string{"probe"}, test.args...))
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		if got := errs.String(); !strings.HasPrefix(got, test.starts) || (test.starts == "") != (got == "") {
			t.Errorf("%v: logged %q, want a line that begins with %q", test.args, got, test.starts)
		}
	}
}

// TestTimeout: --timeout ends the command's context, and says so.
func TestTimeout(t *testing.T) {
	var errs bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &errs}
	a.ctx, a.cancel = context.Background(), func() {}
	root := newRootCommand(a)
	root.AddCommand(&cobra.Command{Use: "probe", RunE: func(cmd *cobra.Command, _ []string) error {
		<-cmd.Context().Done()
		return cmd.Context().Err()
	}})
	root.SetArgs([]string{"probe", "--timeout", "10ms"})
	err := root.ExecuteContext(context.Background())
	if f := asFailure(a.ctx, err, true); f.exit != exitUnreachable || f.id != "E-TIMEOUT" {
		t.Errorf("exit %d, %s", f.exit, f.id)
	}
	a.cancel()
}

// TestPanicIsUnexpected: a panic of a command ends with code 1, not with Go's
// 2, which means wrong usage.
func TestPanicIsUnexpected(t *testing.T) {
	var errs bytes.Buffer
	a := &app{in: strings.NewReader(""), out: nil, err: &errs} // version writes to a nil stream
	if code := a.run(context.Background(), []string{"version"}); code != exitUnexpected || !strings.Contains(errs.String(), "error[E-UNEXPECTED]: panic:") {
		t.Errorf("exit %d, stderr %q", code, errs.String())
	}
}

// TestSignals runs this test binary as a child that waits in a command: the
// first signal ends the context, a second ends the process.
func TestSignals(t *testing.T) {
	for _, test := range []struct {
		mode    string
		signals []os.Signal
		code    int
		says    string
	}{
		{"obey", []os.Signal{os.Interrupt}, exitInterrupted, "error[E-INTERRUPTED]: stopped before the end: interrupted"},
		{"obey", []os.Signal{syscall.SIGTERM}, exitInterrupted, "stopped before the end: terminated"},
		{"drain", []os.Signal{syscall.SIGTERM}, exitOK, ""},
		{"ignore", []os.Signal{os.Interrupt, os.Interrupt}, exitInterrupted, "a second Ctrl-C stops at once"},
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWaitingChild$")
		cmd.Env = append(os.Environ(), "ADJOIN_TEST_CHILD="+test.mode)
		ready, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := ready.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		for _, s := range test.signals {
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		_ = cmd.Wait() // the exit code below says it
		if got := cmd.ProcessState.ExitCode(); got != test.code || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%s %v: exit %d, stderr %q; want exit %d and %q", test.mode, test.signals, got, errs.String(), test.code, test.says)
		}
	}
}

// TestWaitingChild is the child process of TestSignals and does nothing
// otherwise.
func TestWaitingChild(t *testing.T) {
	mode := os.Getenv("ADJOIN_TEST_CHILD")
	if mode == "" {
		t.Skip("only as the child of TestSignals")
	}
	ctx, stop := withSignals(context.Background(), os.Stderr)
	defer stop()
	fmt.Print("ready")
	var err error
	switch mode {
	case "obey":
		<-ctx.Done()
		err = ctx.Err()
	case "drain":
		<-ctx.Done()
	case "ignore":
		time.Sleep(10 * time.Second)
	}
	if err == nil {
		os.Exit(exitOK)
	}
	f := asFailure(ctx, err, true)
	f.report(os.Stderr, false)
	os.Exit(f.exit)
}

// TestExampleInTheDocs: the example passes the command that its first line
// names.
func TestExampleInTheDocs(t *testing.T) {
	got := run("config", "check", filepath.FromSlash("../../docs/examples/adjoin.yaml"), "--no-files")
	if got.code != exitOK {
		t.Errorf("exit %d\n%s", got.code, got.err)
	}
}
