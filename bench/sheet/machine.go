package sheet

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Machine is where and with what something was measured.
type Machine struct {
	CPUs        int    `json:"cpus"` // that the program may use at once
	Model       string `json:"cpu_model"`
	MemoryBytes int64  `json:"memory_bytes"`
	System      string `json:"system"`
	Go          string `json:"go"`
	Version     string `json:"version"` // of the program
	Revision    string `json:"revision"`
	Config      string `json:"config"` // hash of the configuration, "" without one
	Time        string `json:"time"`   // RFC 3339
}

// ThisMachine describes the machine; the caller knows the rest. What the system
// does not say stays empty.
func ThisMachine(version, revision, config string) Machine {
	m := Machine{
		CPUs: runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Version: version, Revision: revision, Config: config, Time: time.Now().UTC().Format(time.RFC3339),
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.System += " " + unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	m.Model = procField("/proc/cpuinfo", "model name")
	var kib int64
	if _, err := fmt.Sscanf(procField("/proc/meminfo", "MemTotal"), "%d kB", &kib); err == nil {
		m.MemoryBytes = kib << 10
	}
	return m
}

// procField is the first value of a name in a file of "name: value" lines.
func procField(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "" // not Linux
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String is the machine in one line.
func (m Machine) String() string {
	return fmt.Sprintf("%d processors (%s), %.1f GiB, %s, %s, adjoin %s %s", m.CPUs, m.Model, float64(m.MemoryBytes)/(1<<30), m.System, m.Go, m.Version, m.Revision)
}
