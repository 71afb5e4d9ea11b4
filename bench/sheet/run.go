package sheet

// FormatVersion is the version of every document of this package.
const FormatVersion = 1

// The kinds of documents.
const (
	KindRun   = "run"
	KindParts = "parts"
	KindSweep = "sweep"
)

// Run is one open-model run.
type Run struct {
	FormatVersion int    `json:"format_version"`
	Kind          string `json:"kind"`

	// Valid is false when the figures say nothing about the engine; Invalid
	// says why.
	Valid   bool     `json:"valid"`
	Invalid []string `json:"invalid"`

	Target          string  `json:"target"`
	Preset          string  `json:"preset"`
	Seed            uint64  `json:"seed"`
	Schedule        string  `json:"schedule"`         // as text, such as 200,000/s for 60 s
	WarmupSeconds   float64 `json:"warmup_seconds"`   // at the start, in no figure but lost, duplicated and wrong
	DurationSeconds float64 `json:"duration_seconds"` // of the schedule after it

	Offered int64 `json:"offered"` // records of the schedule, without the warm-up
	Sent    int64 `json:"sent"`    // of those, handed to Kafka
	// LateSends is how many the generator was more than 10 ms late with for
	// reasons of its own; LateShare is their share.
	LateSends         int64   `json:"late_sends"`
	LateShare         float64 `json:"late_share"`
	GeneratorCPUShare float64 `json:"generator_cpu_share"` // of one processor, of the thread that makes records

	EventsPerSecond float64 `json:"events_per_second"` // joined in memory (node: committed) while the schedule ran
	CPUPerEvent     float64 `json:"cpu_microseconds_per_event"`
	CPUScope        string  `json:"cpu_scope"` // what CPUPerEvent counts

	Latency       Latency  `json:"latency_seconds"`                  // scheduled send to committed row
	LatencyJoined *Latency `json:"latency_joined_seconds,omitempty"` // scheduled send to joined in memory

	Lost        int64    `json:"lost"`       // rows the truth has and the tables have not
	Duplicated  int64    `json:"duplicated"` // rows beyond the truth
	Wrong       int64    `json:"wrong"`      // campaigns and ledger classes with other figures than the truth
	Differences []string `json:"differences"`
	Checked     string   `json:"checked"` // what was compared with the truth

	PeakRSSBytes int64   `json:"peak_rss_bytes"`
	GCShare      float64 `json:"gc_cpu_share"` // of the processor time

	Thresholds []Threshold      `json:"thresholds"`
	Machine    Machine          `json:"machine"`
	Stages     map[string]Stage `json:"stages"`
	Histogram  []Bucket         `json:"histogram"`        // of Latency
	Joined     []Bucket         `json:"histogram_joined"` // of LatencyJoined
	Series     []Second         `json:"series"`
}

// Latency is quantiles of a latency in seconds. Count is how many records.
type Latency struct {
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
	Count int64   `json:"count"`
}

// Bucket is the records with a latency above the bucket before and up to Upper.
type Bucket struct {
	Upper float64 `json:"upper_seconds"`
	Count int64   `json:"count"`
}

// Stage is how a stage of the engine spent the schedule, in shares of the time
// of its goroutines that can run at once.
type Stage struct {
	Busy    float64 `json:"busy"`
	Blocked float64 `json:"blocked"`
	Idle    float64 `json:"idle"`
}

// Second is about one second of a run, warm-up included.
type Second struct {
	At            float64            `json:"at_seconds"` // its end, since the start
	Offered       float64            `json:"offered_per_second"`
	Sent          float64            `json:"sent_per_second"`
	Joined        float64            `json:"joined_per_second"`
	Committed     float64            `json:"committed_per_second"`
	LagJoined     int64              `json:"lag_joined"` // due and not joined
	LagCommitted  int64              `json:"lag_committed"`
	HeapBytes     int64              `json:"heap_bytes"`
	ResidentBytes int64              `json:"resident_bytes"`
	CPU           float64            `json:"cpu_cores"`
	GCShare       float64            `json:"gc_cpu_share"`
	Busy          map[string]float64 `json:"busy_cores"` // by stage
}

// Invalidate makes the run void.
func (r *Run) Invalidate(why string) {
	r.Valid = false
	r.Invalid = append(r.Invalid, why)
}

// Good reports whether the run is valid, correct and within its thresholds.
func (r *Run) Good() bool {
	for _, t := range r.Thresholds {
		if !t.OK {
			return false
		}
	}
	return r.Valid && r.Lost+r.Duplicated+r.Wrong == 0 && r.Latency.Count >= r.Offered
}
