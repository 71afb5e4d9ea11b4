package parts

import (
	"runtime"
	"syscall"
	"time"
)

// spent is what a piece of work took of the process.
type spent struct {
	cpu           time.Duration
	allocs, bytes uint64
}

// measure runs f from a clean heap.
func measure(f func() error) (spent, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began, err := processCPU()
	if err != nil {
		return spent{}, err
	}
	if err := f(); err != nil {
		return spent{}, err
	}
	ended, err := processCPU()
	runtime.ReadMemStats(&after)
	return spent{cpu: ended - began, allocs: after.Mallocs - before.Mallocs, bytes: after.TotalAlloc - before.TotalAlloc}, err
}

func processCPU() (time.Duration, error) {
	var r syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), err
}

// least is the cheaper of two in every respect; a zero a is none.
func least(a, b spent) spent {
	if a == (spent{}) {
		return b
	}
	return spent{cpu: min(a.cpu, b.cpu), allocs: min(a.allocs, b.allocs), bytes: min(a.bytes, b.bytes)}
}
