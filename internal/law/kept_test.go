package law

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Histories that once failed, shrunk, in the form in which a failure prints
// them: what is between the last two lines that are empty.
func TestK1_KeptHistories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no kept histories in testdata (%v)", err)
	}
	e := newEngine(t)
	for _, file := range files {
		history := parse(t, file)
		r := rand.New(rand.NewPCG(1, 3))
		for i := range 60 {
			w := randomWay(r, len(history))
			if i%2 == 0 {
				w.cutEvery = 1
			}
			if complaint := e.judge(history, w); complaint != "" {
				t.Errorf("%s, %s:\n%s", file, w, complaint)
				break
			}
		}
	}
}

// parse reads a kept history. Lines that begin with # say what it once showed.
func parse(t *testing.T, file string) []record {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var history []record
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var r record
		var offset int
		place, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		stampText, quoted, _ := strings.Cut(rest, " ")
		topic, numbers, _ := strings.Cut(place, "/")
		_, err1 := fmt.Sscanf(numbers, "%d@%d", &r.partition, &offset)
		at, err2 := time.Parse(time.RFC3339Nano, stampText)
		value, err3 := strconv.Unquote(quoted)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatalf("%s:%d: %v %v %v", file, i+1, err1, err2, err3)
		}
		r.topic, r.time, r.value, r.serial = topic, event.TimeOf(at), []byte(value), i
		history = append(history, r)
	}
	return history
}
