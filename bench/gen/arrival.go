package gen

// arrivals gives the auctions' times in ascending order: for a bounded run one
// in each of n equal pieces of the day's curve, for an endless one at an even
// rate. Both are exact in number and need no memory of what was.
type arrivals struct {
	start      int64 // ms
	n, given   int64 // n 0: endless
	perMS      float64
	slot       int
	slotMS     int64
	cumulative []float64 // weight before each slot, and the total last
}

const maxSlotMS = 600_000

func newArrivals(c *Config) *arrivals {
	a := &arrivals{start: int64(c.Start) / 1000, perMS: c.Rate / 1000}
	if c.Endless {
		return a
	}
	a.n = c.Impressions
	duration := int64(c.Duration) / 1000
	a.slotMS = min(maxSlotMS, duration)
	total := int64(0)
	for at := int64(0); at < duration; at += a.slotMS {
		a.cumulative = append(a.cumulative, float64(total))
		total += int64(populationActivity(a.start+at)) * min(a.slotMS, duration-at)
	}
	a.cumulative = append(a.cumulative, float64(total))
	return a
}

// next is the time of the next auction, or false after the last.
func (a *arrivals) next(r *random) (int64, bool) {
	place := float64(a.given) + r.unit()
	if a.n == 0 {
		a.given++
		return a.start + int64(place/a.perMS), true
	}
	if a.given >= a.n {
		return 0, false
	}
	a.given++
	total := a.cumulative[len(a.cumulative)-1]
	target := float64(place/float64(a.n)) * total
	for a.slot < len(a.cumulative)-2 && target >= a.cumulative[a.slot+1] {
		a.slot++
	}
	begin := a.start + int64(a.slot)*a.slotMS
	weight := a.cumulative[a.slot+1] - a.cumulative[a.slot]
	// A slot's share is spread over it evenly; the last one may be shorter.
	length := min(a.slotMS, int64(weight)/int64(populationActivity(begin)))
	inside := int64((target - a.cumulative[a.slot]) / weight * float64(length))
	return begin + min(inside, length-1), true
}

// Activity by local time: 1,000 at 04:00, 5,000 at 20:00, in straight lines,
// nine tenths at week-ends.
const (
	leastActive = 1000
	mostActive  = 5000
)

func activity(localMS int64) int {
	minute := int(localMS / msPerMinute % 1440)
	fromTrough := (minute - 240 + 1440) % 1440
	var level int
	if fromTrough < 960 { // 16 hours up
		level = leastActive + (mostActive-leastActive)*fromTrough/960
	} else { // 8 hours down
		level = mostActive - (mostActive-leastActive)*(fromTrough-960)/480
	}
	if weekday := (localMS/msPerDay + 4) % 7; weekday == 0 || weekday == 6 {
		level = level * 9 / 10
	}
	return level
}

// populationActivity is the activity of all countries together at a time.
func populationActivity(ms int64) int {
	sum := 0
	for i := range countries {
		sum += countries[i].percent * activity(ms+int64(countries[i].offset)*msPerMinute)
	}
	return sum
}

// delays are the distributions of time, in ms.
type delays struct {
	web, app, offline      *quantiles // event to Kafka
	render                 *quantiles // auction to impression
	click                  *quantiles // impression to click
	orderSoon, orderLate   *quantiles // click to conversion
	installSoon, installLt *quantiles // click to install
	skew                   *quantiles // a wrong clock
	flushMS                int64      // servers that send several lines at once
}

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

func newDelays(p Pace) *delays {
	d := &delays{
		web: lognormal(800, 1.558, 120*second), app: lognormal(1500, 2.278, 20*minute), offline: exponential(3*hour, 72*hour),
		render: lognormal(1200, 1, minute), click: lognormal(7000, 1.1, 10*minute),
		orderSoon: exponential(15*minute, 30*day), orderLate: exponential(4*day, 30*day),
		installSoon: exponential(10*minute, 30*day), installLt: exponential(17*hour, 30*day),
		skew: normal(2 * hour), flushMS: 10 * second,
	}
	if p == Brisk {
		d.web, d.app, d.offline = lognormal(20, 0.5, 200), lognormal(40, 0.8, 500), lognormal(40, 0.8, 500)
		d.render, d.click = lognormal(120, 0.5, second), lognormal(1500, 0.7, 10*second)
		d.orderSoon, d.orderLate = exponential(3*second, 30*second), exponential(6*second, 30*second)
		d.installSoon, d.installLt = d.orderSoon, d.orderLate
		d.flushMS = second
	}
	return d
}

// horizonMS is how late a record of a kind is still accepted (T2).
func horizonMS(k kind) int64 {
	switch k {
	case kindBid:
		return 2 * hour
	case kindImpression, kindClick:
		return 48 * hour
	}
	return 35 * day
}
