package sinks

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
)

// smallDisk mounts a tmpfs of a megabyte.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("mounting a small tmpfs needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestF35_FullSpoolLosesNothing: the spool disk is full, the rows stay in
// memory, the writer says so, and goes on alone when there is room.
func TestF35_FullSpoolLosesNothing(t *testing.T) {
	store, dir := newLake(t)
	spool := smallDisk(t)
	w := newWriter(t, store, Config{SpoolDir: spool, SpoolBytes: 256 << 10, Lanes: 1})
	c := newCut(t, w, "c")
	rows := realisticImpressions(2*rowGroupRows + 10) // 18 MB a row group
	if err := c.WriteImpressions(rows[:rowGroupRows+10]); err != nil {
		t.Fatal(err)
	}
	held, full := w.Held()
	if ClassOf(full) != NoSpace || held < 1<<20 {
		t.Fatalf("%d bytes held, %v; want more than a megabyte and no space", held, full)
	}
	if err := syscall.Mount("tmpfs", spool, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteImpressions(rows[rowGroupRows+10:]); err != nil {
		t.Fatal(err)
	}
	if held, full = w.Held(); full != nil || held > 256<<10 {
		t.Errorf("with room again: %d bytes held, %v", held, full)
	}
	files := closeCut(t, c)
	got := readFile[table.Impression](t, dir, files[0])
	for i := range rows {
		if got[i].ImpressionID != rows[i].ImpressionID {
			t.Fatalf("row %d is another", i)
		}
	}
}

// TestF35_FullStoreIsRetried: Close fails with no space, leaves no half file,
// and succeeds under the same names when there is room.
func TestF35_FullStoreIsRetried(t *testing.T) {
	dir := smallDisk(t)
	store, err := OpenBucket(context.Background(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	c := newCut(t, newWriter(t, store, Config{Lanes: 1}), "c")
	if err := errors.Join(c.WriteImpressions(realisticImpressions(20_000)), c.WriteBids(realisticBids(100))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Close(context.Background()); ClassOf(err) != NoSpace {
		t.Fatalf("error %v, want no space", err)
	}
	var listed int
	if err := store.List(context.Background(), "fact_impressions", func(Object) error { listed++; return nil }); err != nil || listed != 0 {
		t.Errorf("%d objects are visible, %v", listed, err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	files := closeCut(t, c)
	if len(files) != 2 || files[1].Rows != 20_000 {
		t.Fatalf("files %+v", files)
	}
	readFile[table.Impression](t, dir, files[1])
}

// TestReadOnlyStoreIsRefused needs a disk that is mounted read-only.
func TestReadOnlyStoreIsRefused(t *testing.T) {
	dir := smallDisk(t)
	if err := os.Mkdir(dir+"/lake", 0o755); err != nil {
		t.Fatal(err)
	}
	store, err := OpenBucket(context.Background(), "file://"+dir+"/lake")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	f, body := content("a.parquet", "x")
	if err := store.Put(context.Background(), f, body); ClassOf(err) != Refused {
		t.Errorf("error %v, want refused", err)
	}
}
