package kafka

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

func openTestLog(t testing.TB, cfg Config) *Log {
	t.Helper()
	topic := makeTopic(t, cfg, 1, nil)
	l, err := OpenLog(within(t, 10*time.Second), cfg, topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// contents is the log up to an offset, "offset=value" each.
func contents(t testing.TB, l *Log, from, to event.Offset) string {
	t.Helper()
	got := []string{}
	err := l.Read(within(t, 10*time.Second), from, to, func(o event.Offset, _ event.Time, v []byte) error {
		got = append(got, fmt.Sprintf("%d=%s", o, v))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(got)
}

func mustAppend(t testing.TB, l *Log, value string) event.Offset {
	t.Helper()
	o, err := l.Append(within(t, 10*time.Second), []byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestLogKeepsOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		l := openTestLog(t, cfg)
		for i := range 10 {
			if o := mustAppend(t, l, fmt.Sprint(i)); o != event.Offset(i) {
				t.Fatalf("append %d has offset %d", i, o)
			}
		}
		if s := contents(t, l, 3, 7); s != "[3=3 4=4 5=5 6=6]" {
			t.Fatal(s)
		}
		ctx := within(t, 10*time.Second)
		if err := l.Truncate(ctx, 4); err != nil {
			t.Fatal(err)
		}
		if first, end, err := l.Bounds(ctx); first != 4 || end != 10 || err != nil {
			t.Fatal(first, end, err)
		}
		err := l.Read(ctx, 3, 7, func(event.Offset, event.Time, []byte) error { return nil })
		if codeOf(err) != CodeOffsetGone {
			t.Fatal(err)
		}
	})
}

func TestLogTailFollows(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		l := openTestLog(t, cfg)
		mustAppend(t, l, "0")
		seen := make(chan string)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			done <- l.Tail(ctx, 0, func(o event.Offset, _ event.Time, v []byte) error {
				seen <- fmt.Sprintf("%d=%s", o, v)
				return nil
			})
		}()
		for i, want := range []string{"0=0", "1=1", "2=2"} {
			if i > 0 {
				mustAppend(t, l, fmt.Sprint(i))
			}
			if got := <-seen; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		stop := errors.New("stop")
		err := l.Tail(within(t, 5*time.Second), 0, func(event.Offset, event.Time, []byte) error { return stop })
		if err != stop {
			t.Error(err)
		}
	})
}

// A lost answer is not an unknown outcome: the same batch is sent again and the
// broker gives its first offset.
func TestF8_LostAnswerIsWrittenOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, plain Config) {
		cfg, w := through(plain)
		l := openTestLog(t, cfg)
		mustAppend(t, l, "before")
		w.deaf.Store(true)
		type result struct {
			o   event.Offset
			err error
		}
		done := make(chan result)
		go func() {
			o, err := l.Append(within(t, 10*time.Second), []byte("lost"))
			done <- result{o, err}
		}()
		time.Sleep(600 * time.Millisecond) // one attempt, at least, without an answer
		w.deaf.Store(false)
		w.cut()
		if r := <-done; r.err != nil || r.o != 1 {
			t.Fatalf("offset %d, %v", r.o, r.err)
		}
		if o := mustAppend(t, l, "after"); o != 2 {
			t.Fatalf("the next one has offset %d", o)
		}
		if s := contents(t, l, 0, 3); s != "[0=before 1=lost 2=after]" {
			t.Fatal(s)
		}
	})
}

// The caller gives up while the answer is outstanding: the record is in the log,
// and the barrier's offset is beyond it.
func TestF8_UnknownOutcomeThatWasWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, plain Config) {
		cfg, w := through(plain)
		l := openTestLog(t, cfg)
		mustAppend(t, l, "before")
		w.deaf.Store(true)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_, err := l.Append(ctx, []byte("unknown"))
		if !errors.Is(err, ErrUnknownOutcome) || codeOf(err) != CodeUnknownOutcome {
			t.Fatal(err)
		}
		w.deaf.Store(false)
		o, err := l.Barrier(within(t, 10*time.Second), []byte("barrier"))
		if err != nil || o != 2 {
			t.Fatalf("barrier at %d, %v", o, err)
		}
		if s := contents(t, l, 0, o+1); s != "[0=before 1=unknown 2=barrier]" {
			t.Fatal(s)
		}
	})
}

// The request sits somewhere on the way and is delivered after the barrier: the
// broker must refuse it. Nothing short of the broker's fencing shows that.
func TestF8_UnknownOutcomeThatComesLateIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		l := openTestLog(t, cfg)
		mustAppend(t, l, "before")
		wr := <-l.write
		late := newWriter(l.cfg, l.dir, l.at)
		late.id, late.epoch, late.seq = wr.id, wr.epoch, wr.seq
		wr.unknown = true // as after an append that was given up
		l.write <- wr
		o, err := l.Barrier(within(t, 10*time.Second), []byte("barrier"))
		if err != nil || o != 1 {
			t.Fatalf("barrier at %d, %v", o, err)
		}
		b := newBatch(1)
		addRecord(b, time.Now(), nil, []byte("late"))
		_, what, err := late.try(within(t, 5*time.Second), b)
		late.hangUp()
		if what != forgotten {
			t.Fatalf("the late batch came to %d, %v", what, err)
		}
		if _, end, err := l.Bounds(within(t, 5*time.Second)); end != 2 || err != nil {
			t.Fatal(end, err)
		}
	})
}

// Nothing was ever sent: the outcome is known, the record is not in the log.
func TestF8_NoConnectionIsNoUnknownOutcome(t *testing.T) {
	_, plain := startEmbedded(t)
	cfg, w := through(plain)
	l := openTestLog(t, cfg)
	w.down.Store(true)
	w.cut()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := l.Append(ctx, []byte("x"))
	var e *Error
	if errors.Is(err, ErrUnknownOutcome) || !errors.As(err, &e) || e.Class != Unreachable {
		t.Fatal(err)
	}
	w.down.Store(false)
	if o := mustAppend(t, l, "y"); o != 0 {
		t.Fatalf("offset %d", o)
	}
}

func TestLogCloseIsQuick(t *testing.T) {
	_, plain := startEmbedded(t)
	cfg, w := through(plain)
	cfg.ReadTimeout = 30 * time.Second
	l := openTestLog(t, cfg)
	mustAppend(t, l, "x")
	w.deaf.Store(true)
	done := make(chan error)
	go func() {
		_, err := l.Append(context.Background(), []byte("y"))
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	started := time.Now()
	l.Close()
	if d := time.Since(started); d > 200*time.Millisecond {
		t.Errorf("Close took %s", d)
	}
	if err := <-done; !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := l.Append(context.Background(), []byte("z")); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestLogRefusesSeveralPartitions(t *testing.T) {
	_, cfg := startEmbedded(t)
	_, err := OpenLog(within(t, 5*time.Second), cfg, makeTopic(t, cfg, 2, nil))
	var detail *TopicConfigError
	if !errors.As(err, &detail) || detail.Problems[0].Setting != "partitions" {
		t.Fatal(err)
	}
}

func TestLogTooLargeRecordIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		l := openTestLog(t, cfg)
		_, err := l.Append(within(t, 5*time.Second), make([]byte, 2<<20))
		if codeOf(err) != CodeTooLarge || errors.Is(err, ErrUnknownOutcome) {
			t.Fatal(err)
		}
		if o := mustAppend(t, l, "small"); o != 0 {
			t.Fatalf("offset %d", o)
		}
	})
}

func TestSequencesWrapAround(t *testing.T) {
	for _, c := range [][3]int32{{0, 5, 5}, {2147483647, 1, 0}, {2147483640, 10, 2}} {
		if got := nextSequence(c[0], int(c[1])); got != c[2] {
			t.Errorf("%d after %d: %d, want %d", c[1], c[0], got, c[2])
		}
	}
}
