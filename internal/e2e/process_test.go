package e2e

import (
	"bytes"
	"errors"
	"fmt"
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

// process is a running child.
type process struct {
	name   string
	cmd    *exec.Cmd
	stdout output
	stderr output
	done   chan struct{} // closed when the child has ended
	err    error         // of Wait, once done is closed
}

// output is what a child wrote; it may be read while the child writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String is everything so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// result is how a child ended.
type result struct {
	args   string
	code   int // -1: killed by a signal
	stdout string
	stderr string
}

// start starts a child; the test's end kills it if it still runs.
func start(t testing.TB, dir string, stdin []byte, args ...string) *process {
	t.Helper()
	p := &process{name: head(strings.Join(args, " "), 300), cmd: exec.Command(args[0], args[1:]...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdin = bytes.NewReader(stdin)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Env = cleanEnv()
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	return p
}

// cleanEnv is the environment without settings of a developer.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ADJOIN_") {
			env = append(env, kv)
		}
	}
	return env
}

// ended reports whether the child has ended by itself.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end sends a signal and waits for the end.
func (p *process) end(s syscall.Signal) {
	if !p.ended() {
		// The only error is a child that has ended meanwhile.
		_ = p.cmd.Process.Signal(s)
	}
	<-p.done
}

// wait waits for the child's own end.
func (p *process) wait(t testing.TB, limit time.Duration) result {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		said := p.stderr.String()
		p.end(syscall.SIGQUIT) // shows where it hangs
		t.Fatalf("%s did not end within %s; standard error:\n%s\nits goroutines:\n%s", p.name, limit,
			tail(said, 4000), head(strings.TrimPrefix(p.stderr.String(), said), 20_000))
	}
	r := result{args: p.name, stdout: p.stdout.String(), stderr: p.stderr.String()}
	var exit *exec.ExitError
	switch {
	case errors.As(p.err, &exit):
		r.code = exit.ExitCode()
	case p.err != nil:
		t.Fatalf("%s: %v", p.name, p.err)
	}
	return r
}

// waitFor waits until cond holds while the child runs.
func (p *process) waitFor(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	for until := time.Now().Add(limit); !cond(); time.Sleep(50 * time.Millisecond) {
		if p.ended() {
			t.Fatalf("%s ended before %s; standard error:\n%s", p.name, what, tail(p.stderr.String(), 6000))
		}
		if time.Now().After(until) {
			t.Fatalf("%s: no %s within %s; standard error:\n%s", p.name, what, limit, tail(p.stderr.String(), 6000))
		}
	}
}

// logs reports whether standard error has the text.
func (p *process) logs(text string) func() bool {
	return func() bool { return strings.Contains(p.stderr.String(), text) }
}

// peakBytes is the greatest resident memory of a running child so far.
func (p *process) peakBytes(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		t.Skipf("the memory of a process is read from /proc, which this system lacks: %v", err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0 // it has just ended
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	must(t, err)
	return kib << 10
}

// ok fails the test unless the child ended with the code.
func (r result) ok(t testing.TB, code int) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("%s: exit code %d, want %d\nstandard output:\n%s\nstandard error:\n%s",
			r.args, r.code, code, tail(r.stdout, 3000), tail(r.stderr, 6000))
	}
	return r
}

// says fails the test unless standard error has every text.
func (r result) says(t testing.TB, texts ...string) result {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("%s does not say %q; standard error:\n%s", r.args, text, tail(r.stderr, 6000))
		}
	}
	return r
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return fmt.Sprintf("... (%d bytes before)\n%s", len(s)-n, s[len(s)-n:])
}

func head(s string, n int) string { return s[:min(len(s), n)] }
