package config

import (
	"os"
	"strconv"
	"strings"
)

// MachineMemory is the memory that this process may use: the smaller of the
// machine's and its control group's, or 0 where neither can be read.
func MachineMemory() Size {
	var memory Size
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		memory = parseMeminfo(string(text))
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// "max" and the huge number of version 1 both mean no limit.
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && limit > 0 && (memory == 0 || Size(limit) < memory) {
			memory = Size(limit)
		}
	}
	return memory
}

// parseMeminfo is MemTotal of /proc/meminfo, or 0.
func parseMeminfo(text string) Size {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil {
				return Size(n) * KiB
			}
		}
	}
	return 0
}
