package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/advertisex/adjoin/internal/kafka/embedded"
)

// Two processes with one journal: the later claim wins, and the other stops by
// itself and says who took over (I6, F4).
func TestTwoProcesses(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	must(t, err)
	t.Cleanup(func() { b.Close() })
	first := newDeployment(t, b.Addrs(), "")
	g := generator(t, first, seedOf(t), 800)
	first.write(t)
	first.create(t, partitions, map[string]string{"retention.ms": "-1"})
	// The second is another machine: it shares Kafka and the lake, no more.
	second := newDeployment(t, b.Addrs(), "")
	second.config["reference"] = `{campaigns: ` + first.path("campaigns.json") + `, creatives: ` + first.path("creatives.json") + `}`
	second.config["sink"] = first.config["sink"]
	second.config["node"] = `{id: n2, data_dir: data}`
	second.write(t)

	tr := send(t, first, g)
	older := first.start(t)
	older.waitFor(t, 30*time.Second, "commits", first.beyond(t, 2000))
	newer := second.start(t)
	older.wait(t, 20*time.Second).ok(t, 3).says(t, "E-FENCED", "n2", "n1")
	before, _ := first.lag(t)
	newer.waitFor(t, 30*time.Second, "commits of the second node", first.beyond(t, before+3000))
	tr.finish(t)
	newer.end(syscall.SIGTERM)
	newer.wait(t, time.Second).ok(t, 0)

	second.untilEnd(t)
	second.equalsReplay(t)
	// The first one's warehouse follows the same journal.
	first.run(t, "load", "run").ok(t, 0)
	first.equalsReplay(t)
}

// Two processes from one configuration: the second cannot have the warehouse
// file of the first, says so, and harms nobody.
func TestTwoProcesses_SameConfiguration(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	must(t, err)
	t.Cleanup(func() { b.Close() })
	d := newDeployment(t, b.Addrs(), "")
	g := generator(t, d, seedOf(t), 800)
	d.write(t)
	d.create(t, partitions, map[string]string{"retention.ms": "-1"})
	tr := send(t, d, g)
	first := d.start(t)
	first.waitFor(t, 30*time.Second, "commits", d.beyond(t, 2000))
	r := d.start(t).wait(t, 30*time.Second)
	if r.code == 0 {
		t.Error("a second process from the same configuration ran and ended with code 0")
	}
	r.says(t, "E-DATA-DIR", "node.data_dir")
	before, _ := d.lag(t)
	first.waitFor(t, 30*time.Second, "commits after the second process", d.beyond(t, before+3000))
	tr.finish(t)
	first.end(syscall.SIGTERM)
	first.wait(t, time.Second).ok(t, 0)
	d.untilEnd(t)
	d.equalsReplay(t)
}
