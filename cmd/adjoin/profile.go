package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
)

// profiles are the files that a run leaves for `go tool pprof`; "" for none.
type profiles struct{ cpu, mem string }

// start begins to sample. The function it returns ends it and writes the files.
func (p profiles) start() (func() error, error) {
	if p.mem != "" {
		// One sample in 64 KiB instead of 512: allocations of a hot path are small.
		runtime.MemProfileRate = 64 << 10
	}
	if p.cpu == "" {
		return p.writeMem, nil
	}
	f, err := os.Create(p.cpu)
	if err != nil {
		return nil, usagef("--cpuprofile: %s", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("--cpuprofile: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return errors.Join(f.Close(), p.writeMem())
	}, nil
}

func (p profiles) writeMem() error {
	if p.mem == "" {
		return nil
	}
	f, err := os.Create(p.mem)
	if err != nil {
		return fmt.Errorf("--memprofile: %w", err)
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// heapWork is what the process has asked of the Go heap since its start.
type heapWork struct {
	Allocations    int64   `json:"allocations"`
	AllocatedBytes int64   `json:"allocated_bytes"`
	GCCycles       int64   `json:"gc_cycles"`
	GCCPUSeconds   float64 `json:"gc_cpu_seconds"`
}

func heapWorkNow() heapWork {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/cpu/classes/gc/total:cpu-seconds"},
	}
	metrics.Read(s)
	return heapWork{
		Allocations: int64(s[0].Value.Uint64()), AllocatedBytes: int64(s[1].Value.Uint64()),
		GCCycles: int64(s[2].Value.Uint64()), GCCPUSeconds: s[3].Value.Float64(),
	}
}
