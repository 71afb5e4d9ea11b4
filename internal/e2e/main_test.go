package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// long makes the tests that have a long form run it.
var long = flag.Bool("long", false, "100,000 impressions where 20,000 are the default, more kills")

// binary is the program under test; apache is a real broker, plaintext and
// secure, for all tests of the package.
var (
	binary string
	apache kafkatest.Shared
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	defer apache.Stop()
	if binary = os.Getenv("ADJOIN_BINARY"); binary != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "adjoin-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "adjoin")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/advertisex/adjoin/cmd/adjoin")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building the program under test: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// seedOf is the seed of a test: SEED from the environment, else a new one. It
// is printed either way, so that a failure can be repeated.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("SEED=%q is not a number", text)
		}
		seed = n
	}
	t.Logf("seed %d; repeat with SEED=%d", seed, seed)
	return seed
}

// within is a context for one test, or a part of it.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
