package sheet

// Parts is the cost sheet: what the unavoidable parts of an event cost, and what
// the whole path costs, on the same data in one run. The top level is the mixed
// input; Inputs has each kind alone.
type Parts struct {
	FormatVersion int    `json:"format_version"`
	Kind          string `json:"kind"`
	Cost
	// BytesPerLiveImpression is the heap growth for each impression in state.
	BytesPerLiveImpression float64         `json:"bytes_per_live_impression"`
	LiveImpressions        int64           `json:"live_impressions"`
	Inputs                 map[string]Cost `json:"inputs"`
	Machine                Machine         `json:"machine"`
}

// Cost is what one kind of input costs, in nanoseconds of processor time an
// event.
type Cost struct {
	Events         int64              `json:"events"`
	PartsNS        map[string]float64 `json:"parts_ns"` // by part, see Names of package parts
	SumNS          float64            `json:"parts_sum_ns"`
	WholeNS        float64            `json:"whole_ns"`
	Ratio          float64            `json:"ratio"` // WholeNS / SumNS
	AllocsPerEvent float64            `json:"allocs_per_event"`
	BytesPerEvent  float64            `json:"allocated_bytes_per_event"`
}

// Sweeps is how the cost of an event grows with one thing at a time.
type Sweeps struct {
	FormatVersion int     `json:"format_version"`
	Kind          string  `json:"kind"`
	Seed          uint64  `json:"seed"`
	Sweeps        []Sweep `json:"sweeps"`
	Machine       Machine `json:"machine"`
}

// Sweep is one thing that was varied.
type Sweep struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"` // of Point.Value
	Points []Point `json:"points"`
}

// Point is one measurement of a sweep. WholeNS is the least of several, as what
// disturbs a measurement only adds to it.
type Point struct {
	Label          string  `json:"label"`
	Value          float64 `json:"value"`
	Events         int64   `json:"events"`
	WholeNS        float64 `json:"whole_ns"`
	AllocsPerEvent float64 `json:"allocs_per_event"`
	BytesPerEvent  float64 `json:"allocated_bytes_per_event"`
}
