package e2e

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// A lake without room, then a lake that is read-only: intake pauses, nothing is
// lost, and the node goes on alone when it is mended (F35).
func TestBadMoments_DiskFull(t *testing.T) {
	d := newDeployment(t, broker(t).Addrs(), "")
	lake := d.path("lake")
	must(t, os.Mkdir(lake, 0o755))
	if err := syscall.Mount("tmpfs", lake, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small disk needs the right to mount one (root): %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(lake, syscall.MNT_DETACH)) })
	g := generator(t, d, seedOf(t), 300)
	d.write(t)
	d.create(t, partitions, map[string]string{"retention.ms": "-1"})
	tr := send(t, d, g)
	p := d.start(t)
	p.waitFor(t, 30*time.Second, "commits", d.beyond(t, 100))

	filler := fill(t, lake+"/filler")
	stalled := "a cut cannot be written"
	p.waitFor(t, 20*time.Second, "pause for want of room", p.logs(stalled))
	time.Sleep(2 * time.Second)
	had, behind := d.lag(t)
	if behind == 0 {
		t.Error("records are committed although the lake is full")
	}
	must(t, os.Remove(filler))
	p.waitFor(t, 20*time.Second, "commits after there is room", d.beyond(t, had+behind))

	must(t, syscall.Mount("", lake, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=32m"))
	p.waitFor(t, 20*time.Second, "pause for a read-only lake", p.logs("read-only file system"))
	time.Sleep(time.Second)
	had, behind = d.lag(t)
	must(t, syscall.Mount("", lake, "", syscall.MS_REMOUNT, "size=32m"))
	p.waitFor(t, 20*time.Second, "commits after the lake is writable", d.beyond(t, had+behind))

	tr.finish(t)
	p.end(syscall.SIGTERM)
	p.wait(t, time.Second).ok(t, 0)
	d.untilEnd(t)
	d.equalsReplay(t)
}

// fill takes all the room there is.
func fill(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Create(name)
	must(t, err)
	defer f.Close()
	if _, err := io.Copy(f, endless{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	return name
}

type endless struct{}

// Read implements io.Reader; small pieces, so that nothing is left at the end.
func (endless) Read(p []byte) (int, error) { return min(len(p), 512), nil }
