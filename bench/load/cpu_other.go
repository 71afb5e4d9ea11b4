//go:build !linux

package load

import "time"

// ThreadCPU is 0: the system does not count by thread, so that the generator
// is part of what an event costs.
func ThreadCPU() time.Duration { return 0 }
