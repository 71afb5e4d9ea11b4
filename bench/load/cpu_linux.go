package load

import (
	"syscall"
	"time"
)

// ThreadCPU is the processor time of the calling thread. The caller keeps to
// it with runtime.LockOSThread.
func ThreadCPU() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
