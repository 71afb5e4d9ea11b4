package spill

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// drain sorts and reads everything as "key=value".
func drain(t *testing.T, s *Sorter) (all []string) {
	t.Helper()
	r, err := s.Sort()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, r)
}

func read(t *testing.T, r *Reader) (all []string) {
	t.Helper()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(rec.Key)+"="+string(rec.Value))
	}
}

func add(t *testing.T, s *Sorter, key, value string) {
	t.Helper()
	if err := s.Add([]byte(key), []byte(value)); err != nil {
		t.Fatal(err)
	}
}

// TestSorted compares with sorting in memory, with and without runs, and again
// after more records came.
func TestSorted(t *testing.T) {
	for _, budget := range []int{0, 3 << 20, 1 << 30} {
		r := rand.New(rand.NewPCG(7, uint64(budget)))
		s := New(t.TempDir(), budget)
		var want [][2]string
		for range 2 {
			for range 30_000 {
				// Few keys, so that values decide; lengths around the prefix of 8.
				key := fmt.Sprintf("%0*d", r.IntN(12), r.IntN(3000))
				value := string(bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(300)))
				add(t, s, key, value)
				want = append(want, [2]string{key, value})
			}
			got := drain(t, s)
			slices.SortFunc(want, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
			if len(got) != len(want) || s.Len() != int64(len(want)) {
				t.Fatalf("budget %d: %d records, want %d", budget, len(got), len(want))
			}
			for i, w := range want {
				if got[i] != w[0]+"="+w[1] {
					t.Fatalf("budget %d: record %d is %q, want %q", budget, i, got[i], w)
				}
			}
		}
		if runs := len(s.runs); (budget < 1<<30) != (runs > 0) {
			t.Errorf("budget %d: %d runs", budget, runs)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMerge(t *testing.T) {
	a, b := New(t.TempDir(), 0), New(t.TempDir(), 1<<30)
	var want []string
	for i := range 100_000 {
		s := []*Sorter{a, b}[i%3%2]
		add(t, s, fmt.Sprintf("%08d", i*7919%100_000), "a value of some length")
		want = append(want, fmt.Sprintf("%08d=a value of some length", i))
	}
	r, err := Merge(a, New("", 0), b)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); !slices.Equal(got, want) || len(a.runs) == 0 || len(b.runs) > 0 {
		t.Errorf("%d records, want %d in order; %d and %d runs", len(got), len(want), len(a.runs), len(b.runs))
	}
}

func TestNothingAndMuch(t *testing.T) {
	s := New(t.TempDir(), 1<<20)
	if got := drain(t, s); got != nil {
		t.Errorf("an empty sorter has %q", got)
	}
	large := string(bytes.Repeat([]byte("x"), 3<<20))
	add(t, s, "b", large)
	add(t, s, "a", "")
	add(t, s, "", large)
	got := drain(t, s)
	if want := []string{"=" + large, "a=", "b=" + large}; !slices.Equal(got, want) {
		t.Errorf("%d records", len(got))
	}
}

// TestNothingIsLeft: a run has no name while it is used, and none after.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	s := New(dir, 0)
	for i := range 100_000 {
		add(t, s, fmt.Sprint(i), "some value of a record")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("files in the folder: %v %v", left, err)
	}
	if len(s.runs) == 0 {
		t.Error("nothing was spilled")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestNoFolder(t *testing.T) {
	s := New(t.TempDir()+"/missing", 0)
	var err error
	for i := 0; i < 100_000 && err == nil; i++ {
		err = s.Add([]byte(fmt.Sprint(i)), []byte("some value of a record"))
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
