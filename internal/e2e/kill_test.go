package e2e

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka/embedded"
	"github.com/advertisex/adjoin/internal/kafka/kafkatest"
)

// A node that is killed at random moments and started again says in the end
// what an undisturbed run says (F1, F2, F41).
func TestKill_Embedded(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	must(t, err)
	t.Cleanup(func() { b.Close() })
	d := newDeployment(t, b.Addrs(), "")
	kills := 30
	if *long {
		kills = 200
	}
	disturb(t, d, kills, 500)
}

// The same against Apache Kafka.
func TestKill_RealKafka(t *testing.T) {
	k := apache.Start(t, kafkatest.Options{Secure: true})
	disturb(t, newDeployment(t, k.Brokers, "kill."), 6, 200)
}

// disturb sends traffic while a node is killed and started again, then lets one
// run to the end and compares.
func disturb(t *testing.T, d *deployment, kills int, perSecond float64) {
	t.Helper()
	seed := seedOf(t)
	g := generator(t, d, seed, perSecond)
	d.write(t)
	d.create(t, partitions, map[string]string{"retention.ms": "-1"})
	tr := send(t, d, g)
	c := chaos{deployment: d, rng: rand.New(rand.NewPCG(seed, 1))}
	for c.killed < kills || c.stopped == 0 {
		c.round(t)
	}
	sent := tr.finish(t)
	s := d.untilEnd(t)
	t.Logf("%d records; %d kills of a running node, %d of one that started; %d clean stops; the last run read %v",
		sent, c.killed, c.early, c.stopped, s.Records)
	if commits := d.table(t, "select count(*) > 10 from adjoin_loads"); commits != "true" {
		t.Error("hardly anything was committed while the node was disturbed")
	}
	d.equalsReplay(t)
}

// chaos starts nodes and ends them.
type chaos struct {
	deployment *deployment
	rng        *rand.Rand
	killed     int // while it ran: by SIGKILL or by a second signal
	early      int // before it had its shards
	stopped    int // by SIGTERM or Ctrl-C
}

// round is one life of a node. One in five ends while the node starts, which
// restores; the others see up to a second of cuts.
func (c *chaos) round(t *testing.T) {
	t.Helper()
	p := c.deployment.start(t)
	if c.rng.IntN(5) == 0 {
		time.Sleep(time.Duration(c.rng.IntN(500)) * time.Millisecond)
	} else {
		p.waitFor(t, 30*time.Second, "start", p.logs(`"running"`))
		time.Sleep(time.Duration(c.rng.IntN(1000)) * time.Millisecond)
	}
	if p.ended() {
		t.Fatalf("the node ended by itself: %v\n%s", p.err, tail(p.stderr.String(), 8000))
	}
	running := p.logs(`"running"`)()
	if c.rng.IntN(4) > 0 || !running {
		p.end(syscall.SIGKILL)
		if running {
			c.killed++
		} else {
			c.early++
		}
		return
	}
	signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[c.rng.IntN(2)]
	must(t, p.cmd.Process.Signal(signal))
	if c.rng.IntN(3) == 0 { // an impatient second one ends the process at once
		time.Sleep(time.Duration(c.rng.IntN(100)) * time.Millisecond)
		p.end(signal)
		c.killed++
		return
	}
	p.wait(t, 40*time.Second).ok(t, 0)
	c.stopped++
}
