package actors

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/advertisex/adjoin/cluster/journal"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
)

func TestRestart_ContinuesFromTheVector(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 2, 200)
	events := map[string]int64{}
	for part := range 3 {
		w.send(records[part*len(records)/3 : (part+1)*len(records)/3]...)
		r := w.start(w.config())
		if part < 2 {
			r.until("all is durable", w.durable)
		}
		for topic, n := range r.finish().Events { // the last one is stopped in mid-flight
			events[topic] += n
		}
	}
	for topic, n := range w.toEnd(w.config()).Events {
		events[topic] += n
	}
	w.same()
	_, want := w.replayed()
	for topic, n := range want.Events {
		if events[topic] != n {
			t.Errorf("%s: the commits account for %d events, %d were sent", topic, events[topic], n)
		}
	}
}

func TestAbort_LosesNothing(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 3, 200)
	w.send(records...)
	cfg := w.config()
	var applied atomic.Int64
	reached := make(chan struct{})
	cfg.probe = func(event.Kind, event.Position) bool {
		if applied.Add(1) == int64(len(records)/2) {
			close(reached)
		}
		return true
	}
	r := w.start(cfg)
	<-reached
	r.abort()
	if _, err := r.wait(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.toEnd(w.config())
	w.same()
}

func TestF5_APanicRestartsFromTheLastCommit(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 4, 200)...)
	cfg := w.config()
	var once sync.Once
	cfg.probe = func(kind event.Kind, at event.Position) bool {
		if at.Topic == "impressions" && at.Offset == 30 {
			once.Do(func() { panic("a defect of the test") })
		}
		return true
	}
	cfg.UntilEnd = true
	r := w.start(cfg)
	if _, err := r.wait(); err != nil {
		t.Fatal(err)
	}
	if n := r.engine.Stats().Snapshot().Restarts; n != 1 {
		t.Fatalf("%d restarts, want 1", n)
	}
	w.same()
}

// poisons reads the POISON rows.
func (w *world) poisons() []string {
	w.t.Helper()
	var out []string
	for _, c := range w.commits(sinks.NoToken) {
		for _, f := range c.Files {
			if f.Table == "rejected_events" {
				out = append(out, w.poisonsOf(f)...)
			}
		}
	}
	return out
}

func TestF5_AnEventThatPanicsTwiceIsSetAside(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 5, 100)...)
	bad := event.Position{Partition: event.Partition{Topic: "impressions", ID: 1}, Offset: 20}
	cfg := w.config()
	cfg.probe = func(kind event.Kind, at event.Position) bool {
		if at == bad && kind != event.KindRejected {
			panic("a defect of the test")
		}
		return true
	}
	s := w.toEnd(cfg)
	if got := w.poisons(); len(got) != 1 || got[0] != bad.String() {
		t.Fatalf("poison rows %v, want one of %s", got, bad)
	}
	if n := s.Classes["impressions"].Rejected["POISON"]; n != 1 {
		t.Fatalf("the ledger has %d poisons", n)
	}
}

func TestF5_ARecordThatPanicsTheDecoderIsSetAside(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 6, 100)...)
	bad := event.Position{Partition: event.Partition{Topic: "impressions", ID: 0}, Offset: 5}
	real := w.decoders["impressions"]
	w.decoders["impressions"] = func() codecs.Decoder { return panicking{Decoder: real(), at: bad} }
	s := w.toEnd(w.config())
	if got := w.poisons(); len(got) != 1 || got[0] != bad.String() {
		t.Fatalf("poison rows %v, want one of %s", got, bad)
	}
	if n := s.Classes["impressions"].Rejected["POISON"]; n != 1 {
		t.Fatalf("the ledger has %d poisons", n)
	}
}

type panicking struct {
	codecs.Decoder
	at event.Position
}

func (p panicking) Decode(rec *codecs.Record, h codecs.Handler) {
	if rec.Position == p.at {
		panic("a defect of the test")
	}
	p.Decoder.Decode(rec, h)
}

func TestPanicOfACut_BlamesNoEvent(t *testing.T) {
	w := newWorld(t)
	e := New(w.config())
	u := &userShard{node: &node{panicked: func(at event.Position) { t.Errorf("%s is blamed", at) }, log: w.log}}
	func() {
		defer func() { recover() }()
		defer u.blame()
		panic("between two events")
	}()
	if e.blame() {
		t.Error("an event was set aside")
	}
}

func TestF14_AStoreThatRefusesPausesTheIntake(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 8, 200)
	w.send(records[:len(records)/2]...)
	w.store.FailPut(func(key string) error {
		return &sinks.Error{Op: "upload", Key: key, Class: sinks.Retryable, Err: errors.New("503")}
	}, nil)
	r := w.start(w.config())
	r.until("the intake is shut", func(s Status) bool { return s.Paused && strings.Contains(s.Stalled, "503") })
	w.send(records[len(records)/2:]...)
	before := r.engine.Stats().Snapshot().Topics["impressions"].Records
	time.Sleep(150 * time.Millisecond)
	if s := r.engine.Stats().Snapshot(); s.Topics["impressions"].Records != before || s.Cuts > 1 || s.FailedCuts == 0 {
		t.Fatalf("while the store refuses: %+v", s)
	}
	w.store.FailPut(nil, nil)
	r.until("all is durable", w.durable)
	r.until("the intake is open", func(s Status) bool { return !s.Paused && s.Stalled == "" })
	if n := r.engine.Stats().Snapshot().Restarts; n != 0 {
		t.Fatalf("%d restarts", n)
	}
	r.finish()
	w.toEnd(w.config())
	w.same()
}

func TestF14_ANameThatIsTakenEndsTheNode(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 9, 50)...)
	w.store.FailPut(func(key string) error {
		return &sinks.Error{Op: "upload", Key: key, Class: sinks.Conflict, Err: sinks.ErrNameTaken}
	}, nil)
	if _, err := w.start(w.config()).wait(); !errors.Is(err, sinks.ErrNameTaken) {
		t.Fatal(err)
	}
	w.store.FailPut(nil, nil)
	w.toEnd(w.config())
	w.same()
}

func TestF35_AFullSpoolDiskPausesTheIntakeAndCuts(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 10, 300)...)
	cfg := w.config()
	writer, err := sinks.NewCutWriter(w.store, sinks.Config{SpoolDir: w.spool, SpoolBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Writer = writer
	if err := os.Remove(w.spool); err != nil {
		t.Fatal(err)
	}
	w.toEnd(cfg)
	w.same()
	if bytes, _ := writer.Held(); bytes != 0 {
		t.Errorf("%d bytes are held after the end", bytes)
	}
}

func TestIncarnation_GivesTheSpoolBack(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 11, 100)...)
	cfg := w.config()
	cfg.CutInterval = time.Hour
	var applied atomic.Int64
	cfg.probe = func(event.Kind, event.Position) bool { applied.Add(1); return true }
	r := w.start(cfg)
	for applied.Load() < 100 {
		time.Sleep(5 * time.Millisecond)
	}
	r.abort()
	r.wait()
	left, err := os.ReadDir(w.spool)
	if err != nil || len(left) != 0 {
		t.Fatalf("left in the spool: %v %v", left, err)
	}
	if bytes, _ := cfg.Writer.Held(); bytes != 0 {
		t.Fatalf("%d bytes are still held", bytes)
	}
}

func TestF8_ACommitOfUnknownOutcomeIsCommittedOnce(t *testing.T) {
	for name, after := range map[string]bool{"the request is lost": false, "the answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.send(traffic(t, 12, 100)...)
			l := &line{match: aCommit, after: after}
			cfg := w.config()
			cfg.Kafka.Dial, cfg.appendWithin = l.dial, 300*time.Millisecond
			r := w.start(cfg)
			for !w.said.says("the fate of a commit is unknown") {
				select {
				case <-r.done:
					t.Fatal(r.err)
				case <-time.After(5 * time.Millisecond):
				}
			}
			l.set(false)
			r.until("all is durable", w.durable)
			if n := r.engine.Stats().Snapshot().Restarts; n != 0 || l.cuts != 1 {
				t.Fatalf("%d restarts, %d cuts of the line", n, l.cuts)
			}
			r.finish()
			w.toEnd(w.config())
			w.same()
		})
	}
}

func TestF11_KafkaAwayForAWhile(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 13, 200)
	w.send(records[:len(records)/2]...)
	l := &line{}
	cfg := w.config()
	cfg.Kafka.Dial, cfg.appendWithin = l.dial, 300*time.Millisecond
	r := w.start(cfg)
	r.until("something is read", func(s Status) bool { return s.Topics["impressions"].Records > 0 })
	l.set(true)
	time.Sleep(time.Second)
	l.set(false)
	w.send(records[len(records)/2:]...)
	r.until("all is durable", w.durable)
	if n := r.engine.Stats().Snapshot().Restarts; n != 0 {
		t.Errorf("%d restarts: the state was thrown away", n)
	}
	r.finish()
	w.toEnd(w.config())
	w.same()
}

func TestFirstStart_WithoutKafkaIsAnError(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.Kafka.Brokers = []string{"127.0.0.1:1"}
	_, err := w.start(cfg).wait()
	var k *kafka.Error
	if !errors.As(err, &k) || k.Class != kafka.Unreachable {
		t.Fatal(err)
	}
}

func TestI6_AClaimByAnotherProcessStopsTheNode(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 14, 200)
	w.send(records[:len(records)/2]...)
	first := w.start(w.config())
	first.until("all is durable", w.durable)
	cfg := w.config()
	cfg.Node = "n2"
	second := w.start(cfg)
	_, err := first.wait()
	var fenced *FencedError
	if !errors.As(err, &fenced) || !strings.Contains(fenced.By, "n2") || fenced.Shards != 6 {
		t.Fatalf("%v", err)
	}
	w.send(records[len(records)/2:]...)
	second.until("all is durable", w.durable)
	second.finish()
	w.toEnd(w.config())
	w.same()
}

func TestF4_TwoProcessesThatTakeTurns(t *testing.T) {
	w := newWorld(t)
	records := traffic(t, 15, 300)
	var last *running
	for turn := range 4 {
		cfg := w.config()
		cfg.Node = journal.NodeID([]string{"n1", "n2"}[turn%2])
		next := w.start(cfg)
		w.send(records[turn*len(records)/4 : (turn+1)*len(records)/4]...)
		next.until("it runs", func(s Status) bool { return s.Ready })
		if last != nil {
			var fenced *FencedError
			if _, err := last.wait(); !errors.As(err, &fenced) {
				t.Fatalf("turn %d: %v", turn, err)
			}
		}
		last = next
	}
	last.finish()
	w.toEnd(w.config())
	w.same()
}

func TestST4_AnImbalanceStopsTheNode(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 16, 100)...)
	cfg := w.config()
	cfg.probe = func(kind event.Kind, at event.Position) bool { return at.Topic != "impressions" || at.Offset != 20 }
	_, err := w.start(cfg).wait()
	if err == nil || !strings.Contains(err.Error(), "does not add up") || !strings.Contains(err.Error(), "impressions/") {
		t.Fatal(err)
	}
	w.toEnd(w.config())
	w.same()
}

func TestF39_ARegistryThatDoesNotAnswerHoldsOneTopicOnly(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 17, 100)...)
	var answers atomic.Bool
	real := w.decoders["bids"]
	w.decoders["bids"] = func() codecs.Decoder { return &unprepared{Decoder: real(), answers: &answers} }
	r := w.start(w.config())
	r.until("the other topics are durable", func(s Status) bool {
		for p, end := range w.next {
			if p.Topic != "bids" && s.Partitions[p].Durable < end {
				return false
			}
		}
		return true
	})
	if s := r.engine.Stats().Snapshot(); s.Topics["bids"].Records != 0 {
		t.Fatalf("%d bids were read without a schema", s.Topics["bids"].Records)
	}
	answers.Store(true)
	r.until("all is durable", w.durable)
	r.finish()
	w.toEnd(w.config())
	w.same()
}

type unprepared struct {
	codecs.Decoder
	answers *atomic.Bool
}

func (u *unprepared) Prepare(context.Context, *codecs.Record) error {
	if u.answers.Load() {
		return nil
	}
	return errors.New("no answer")
}

func TestF25_APartitionThatComesLaterIsReadFromItsBeginning(t *testing.T) {
	for name, running := range map[string]bool{"while the node runs": true, "while it is away": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			records := traffic(t, 18, 100)
			half := len(records) / 2
			w.send(records[:half]...)
			cfg := w.config()
			r := w.start(cfg)
			r.until("all is durable", w.durable)
			if !running {
				r.finish()
			}
			w.grow("impressions", worldPartitions+1)
			for i := range records[half:] {
				if at := &records[half+i].Position; at.Topic == "impressions" {
					at.ID = worldPartitions
				}
			}
			w.send(records[half:]...)
			if !running {
				cfg = w.config()
				cfg.Start.Latest = true // holds for topics that are not known
				r = w.start(cfg)
			}
			r.until("all is durable", w.durable)
			r.finish()
			w.toEnd(w.config())
			w.same()
		})
	}
}

// grow gives a topic more partitions.
func (w *world) grow(topic string, partitions int32) {
	w.t.Helper()
	c, err := net.Dial("tcp", w.broker.Addrs()[0])
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	req := kmsg.NewPtrCreatePartitionsRequest()
	rt := kmsg.NewCreatePartitionsRequestTopic()
	rt.Topic, rt.Count = topic, partitions
	req.Topics, req.TimeoutMillis, req.Version = append(req.Topics, rt), 1000, 1
	msg := binary.BigEndian.AppendUint32(nil, 0)
	msg = binary.BigEndian.AppendUint16(msg, uint16(req.Key()))
	msg = binary.BigEndian.AppendUint16(msg, uint16(req.Version))
	msg = binary.BigEndian.AppendUint32(msg, 7)
	msg = binary.BigEndian.AppendUint16(msg, 0xffff) // no client id
	msg = req.AppendTo(msg)
	binary.BigEndian.PutUint32(msg, uint32(len(msg)-4))
	if _, err := c.Write(msg); err != nil {
		w.t.Fatal(err)
	}
	answer := make([]byte, 64)
	if _, err := c.Read(answer); err != nil {
		w.t.Fatal(err)
	}
}

func TestInFlight_ASlowShardHoldsTheSourceNotTheMemory(t *testing.T) {
	w := newWorld(t)
	w.send(traffic(t, 19, 2000)...)
	cfg := w.config()
	cfg.InFlightBytes, cfg.Fetch.MaxBytesPartition = 64<<10, 16<<10
	release := make(chan struct{})
	cfg.probe = func(event.Kind, event.Position) bool { <-release; return true }
	r := w.start(cfg)
	t.Cleanup(sync.OnceFunc(func() { close(release) }))
	r.until("the first batch is on its way", func(s Status) bool { return s.Topics["impressions"].Bytes > 0 })
	time.Sleep(300 * time.Millisecond)
	var read int64
	for _, topic := range r.engine.Stats().Snapshot().Topics {
		read += topic.Bytes
	}
	// A batch of the producer is up to 256 KiB, and one comes whatever the limit.
	if sent := w.bytes(); read > sent/2 || read > 4*(64<<10+256<<10) {
		t.Errorf("%d of %d bytes were read while no shard applied any", read, sent)
	}
	r.abort()
}

func (w *world) bytes() (n int64) {
	for _, r := range w.sent {
		n += int64(len(r.Value))
	}
	return n
}
