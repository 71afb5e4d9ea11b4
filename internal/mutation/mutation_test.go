package mutation

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	mutate = flag.Bool("mutate", false, "build and test every mutant")
	only   = flag.String("only", "", "mutants of these rules alone, separated by commas")
	list   = flag.String("list", "", "write the list of the run to this file, as Markdown")
)

// mutant is one broken rule.
type mutant struct {
	rule  string // as in docs/semantics
	what  string // what is wrong with it
	file  string // from the root of the repository
	old   string // occurs once in the file
	new   string
	tests string // packages whose tests may notice, separated by spaces
}

// root is the repository.
const root = "../.."

// The places of all mutants exist, exactly once each, and are changed.
func TestMutants_HaveTheirPlace(t *testing.T) {
	for _, m := range mutants {
		if _, err := m.source(); err != nil {
			t.Error(err)
		}
	}
	if len(mutants) < 40 {
		t.Errorf("%d mutants, want 40 at least", len(mutants))
	}
}

func (m *mutant) source() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return nil, fmt.Errorf("mutant %q of %s: its place occurs %d times in %s; give it its new place", m.what, m.rule, n, m.file)
	}
	if m.old == m.new {
		return nil, fmt.Errorf("mutant %q of %s changes nothing", m.what, m.rule)
	}
	return []byte(strings.Replace(string(text), m.old, m.new, 1)), nil
}

func TestMutants_AreAllCaught(t *testing.T) {
	if !*mutate {
		t.Skip("takes a quarter of an hour: -args -mutate")
	}
	var lines []string
	caught, ran := 0, 0
	for _, m := range mutants {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), m.rule) {
			continue
		}
		ran++
		by, err := m.run(t)
		switch {
		case err != nil:
			t.Error(err)
			by = "error"
		case by == "":
			t.Errorf("survived: %s, %s (%s)", m.rule, m.what, m.file)
			by = "**survived**"
		default:
			caught++
			t.Logf("%s, %s: caught by %s", m.rule, m.what, by)
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | `%s` | %s |", m.rule, m.what, m.file, by))
	}
	t.Logf("%d of %d caught", caught, ran)
	if *list != "" {
		head := fmt.Sprintf("%d of %d mutants caught.\n\n| Rule | Broken how | Where | Caught by |\n|---|---|---|---|\n", caught, ran)
		if err := os.WriteFile(*list, []byte(head+strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// run builds the mutant and names the first test that fails, "" for none.
func (m *mutant) run(t *testing.T) (string, error) {
	t.Helper()
	broken, err := m.source()
	if err != nil {
		return "", err
	}
	dir := t.TempDir()
	path := filepath.Join(dir, filepath.Base(m.file))
	place, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{place: path}})
	if err != nil {
		return "", err
	}
	over := filepath.Join(dir, "overlay.json")
	if err := errors.Join(os.WriteFile(path, broken, 0o644), os.WriteFile(over, overlay, 0o644)); err != nil {
		return "", err
	}
	for _, pkg := range append(strings.Fields(m.tests), "./internal/law") {
		by, err := test(over, pkg)
		if by != "" || err != nil {
			return by, err
		}
	}
	return "", nil
}

// test runs the tests of a package under an overlay.
func test(overlay, pkg string) (failed string, err error) {
	args := []string{"test", "-count=1", "-failfast", "-overlay", overlay, "-timeout", (5 * time.Minute).String(), pkg}
	if pkg == "./internal/law" {
		args = append(args, "-args", "-histories", "5000")
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", nil
	}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			return strings.TrimPrefix(pkg, "./") + " " + strings.Fields(name)[0], nil
		}
	}
	if strings.Contains(string(out), "panic:") {
		return strings.TrimPrefix(pkg, "./") + " (a panic)", nil
	}
	return "", fmt.Errorf("%s under a mutant: %w\n%s", pkg, err, out)
}
