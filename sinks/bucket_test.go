package sinks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
)

func content(key, text string) (File, io.ReadSeeker) {
	return File{Key: key, Bytes: int64(len(text)), SHA256: sha256.Sum256([]byte(text))}, strings.NewReader(text)
}

func stores(t *testing.T) map[string]*Bucket {
	t.Helper()
	local, _ := newLake(t)
	mem, err := OpenBucket(context.Background(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mem.Close() })
	return map[string]*Bucket{"file": local, "mem": mem}
}

// TestF14_CreateOnly: the first content stays; the same again is done; other
// content is refused.
func TestF14_CreateOnly(t *testing.T) {
	for name, b := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			f, body := content("t/a.parquet", "one")
			for range 3 {
				if err := b.Put(ctx, f, body); err != nil {
					t.Fatal(err)
				}
			}
			for _, other := range []string{"two", "longer than before", ""} {
				g, body := content("t/a.parquet", other)
				err := b.Put(ctx, g, body)
				if !errors.Is(err, ErrNameTaken) || ClassOf(err) != Conflict {
					t.Errorf("content %q: %v", other, err)
				}
			}
			r, err := b.Open(ctx, f.Key, 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != "one" {
				t.Errorf("content %q, %v", got, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestF14_RacingCreatorsHaveOneWinner(t *testing.T) {
	b, _ := newLake(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		wg.Go(func() {
			f, body := content("t/race.parquet", fmt.Sprint("content ", i))
			err := b.Put(context.Background(), f, body)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, ErrNameTaken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d creators won", won)
	}
}

func TestRangeListDelete(t *testing.T) {
	for name, b := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			for _, key := range []string{"t/b.parquet", "t/a.parquet", "u/c.parquet"} {
				f, body := content(key, "0123456789")
				if err := b.Put(ctx, f, body); err != nil {
					t.Fatal(err)
				}
			}
			r, err := b.Open(ctx, "t/a.parquet", 3, 4)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != "3456" {
				t.Errorf("range %q, %v", got, err)
			}
			_ = r.Close()
			list := func() (keys string) {
				if err := b.List(ctx, "t/", func(o Object) error {
					keys += fmt.Sprint(o.Key, "=", o.Bytes, " ")
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				return keys
			}
			if got := list(); got != "t/a.parquet=10 t/b.parquet=10 " {
				t.Errorf("list %q", got)
			}
			for range 2 {
				if err := b.Delete(ctx, "t/a.parquet"); err != nil {
					t.Error(err)
				}
			}
			if got := list(); got != "t/b.parquet=10 " {
				t.Errorf("list %q", got)
			}
			if _, err := b.Open(ctx, "t/a.parquet", 0, -1); !errors.Is(err, ErrCorrupt) {
				t.Errorf("a missing object: %v", err)
			}
			if err := CheckStore(ctx, b); err != nil {
				t.Errorf("check: %v", err)
			}
			if got := list(); got != "t/b.parquet=10 " {
				t.Errorf("after the check: %q", got)
			}
		})
	}
}

// TestF15_UploadIsVerified damages the file between upload and verification.
func TestF15_UploadIsVerified(t *testing.T) {
	b, _ := newLake(t)
	f, _ := content("t/a.parquet", "what it should be")
	err := b.Put(context.Background(), f, strings.NewReader("what it shoulD be"))
	if ClassOf(err) != Corrupt || !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

// TestS8_KeysStayInside tries everything that leaves a folder elsewhere.
func TestS8_KeysStayInside(t *testing.T) {
	b, dir := newLake(t)
	for _, key := range []string{
		"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", "a\\..\\b", "a%2e%2e/b", "a\x00b", "a b", "ä",
		"a:b", "~/x", "a\n", "C:/x", strings.Repeat("a", 513), "a/\u2025/b", "a?b", "a*b", "a'b", `a"b`, "a;b",
	} {
		f, body := content(key, "x")
		if err := b.Put(context.Background(), f, body); !errors.Is(err, ErrKey) {
			t.Errorf("put %q: %v", key, err)
		}
		if _, err := b.Open(context.Background(), key, 0, -1); !errors.Is(err, ErrKey) {
			t.Errorf("open %q: %v", key, err)
		}
		if err := b.Delete(context.Background(), key); !errors.Is(err, ErrKey) {
			t.Errorf("delete %q: %v", key, err)
		}
		if p, ok := b.LocalPath(key); ok {
			t.Errorf("path of %q is %s", key, p)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("something was written: %v %v", left, err)
	}
	for in, want := range map[string]string{"": "", "/": "", "/a/b/": "a/b/", "a": "a/"} {
		if got, err := CleanPrefix(in); err != nil || got != want {
			t.Errorf("prefix %q is %q, %v", in, got, err)
		}
	}
	if _, err := CleanPrefix("a/../b"); !errors.Is(err, ErrKey) {
		t.Errorf("prefix with dots: %v", err)
	}
}

func TestOpenBucketSaysWhatIsWrong(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"ftp://x":                     `scheme "ftp"`,
		"/just/a/path":                `scheme ""`,
		"file://host/x":               "names a host",
		"s3://bucket/a%2f..%2f..%2fb": "dot segment",
		"file://" + blocked + "/lake": "not a directory",
	} {
		if _, err := OpenBucket(context.Background(), raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

func TestErrorsAreClassed(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Class
	}{
		{&os.PathError{Op: "write", Err: syscall.ENOSPC}, NoSpace},
		{fmt.Errorf("x: %w", syscall.EDQUOT), NoSpace},
		{&os.PathError{Op: "open", Err: syscall.EACCES}, Refused},
		{&os.PathError{Op: "open", Err: syscall.EROFS}, Refused},
		{context.DeadlineExceeded, Retryable},
		{&url.Error{Op: "Put", Err: syscall.ECONNRESET}, Retryable},
		{failed("upload", "k", failed("verify", "k", ErrNameTaken)), Conflict},
		{errors.Join(errors.New("x"), failed("upload", "k", syscall.ENOSPC)), NoSpace},
		{ErrSealed, Unclassified},
	} {
		if got := ClassOf(c.err); got != c.want {
			t.Errorf("%v is %v, want %v", c.err, got, c.want)
		}
	}
	text := failed("upload", "a/b", syscall.ENOSPC).Error()
	for _, part := range []string{"upload a/b", "no space", "resumes alone"} {
		if !strings.Contains(text, part) {
			t.Errorf("error %q lacks %q", text, part)
		}
	}
}

func TestDigestText(t *testing.T) {
	want := Digest(sha256.Sum256([]byte("x")))
	text, err := want.MarshalText()
	if err != nil || len(text) != 64 {
		t.Fatalf("%s %v", text, err)
	}
	var got Digest
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("g", 64), string(text) + "00"} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestReadTableOfDamagedFiles flips bytes all over a file: an error or rows,
// never a panic.
func TestReadTableOfDamagedFiles(t *testing.T) {
	var whole bytes.Buffer
	rows := realisticBids(200)
	n, err := WriteTable(&whole, func() (out []table.Bid, err error) {
		out, rows = rows, nil
		return out, nil
	})
	if err != nil || n != 200 {
		t.Fatal(n, err)
	}
	b := whole.Bytes()
	for i := 0; i < len(b); i += 1 + i/50 {
		b[i] ^= 0x55
		read := 0
		// Any error will do, and so will rows: the hash is what finds damage.
		_ = ReadTable(bytes.NewReader(b), int64(len(b)), func(batch []table.Bid) error {
			if read += len(batch); read > 100_000 {
				t.Fatalf("byte %d damaged: no end of rows", i)
			}
			return nil
		})
		b[i] ^= 0x55
	}
	for _, size := range []int{0, 3, 100, len(b) / 2} {
		err := ReadTable(bytes.NewReader(b[:size]), int64(size), func([]table.Bid) error { return nil })
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d of %d bytes: %v", size, len(b), err)
		}
	}
}
