package actors

// maxClosingCuts bounds how often a run cuts to come to its end. Each cut
// settles what waited for the one before; a handful is enough.
const maxClosingCuts = 64

// endOfRun says when a run is over: a bounded one when its input has been read
// and nothing waits any more, any one when it is asked to finish.
type endOfRun struct {
	bounded   bool
	topics    map[string]bool // still being read in a bounded run
	finishing bool            // a last cut, then the end; holds are kept
	over      bool
	closing   int
}

func (e *endOfRun) drain(topic string) { delete(e.topics, topic) }

// ending reports whether the cut that begins closes all windows.
func (e *endOfRun) ending() bool { return e.bounded && len(e.topics) == 0 && !e.finishing }

type afterCut uint8

const (
	carryOn afterCut = iota
	cutAgain
	endRun
)

// next says what follows a cut that is done. With waiting, records are on their
// way back to shards, and the next cut is not worth taking before they are there.
// behind says that links keep the frontier back.
func (e *endOfRun) next(cut *openCut, waiting, behind bool) afterCut {
	switch {
	case e.finishing && cut.final:
		return endRun
	case e.finishing:
		return cutAgain
	case !e.ending():
		return carryOn
	case !cut.last:
		return cutAgain
	case waiting:
		return carryOn
	}
	// The campaign shards fold this commit's deltas and show them in the next.
	wants := len(cut.deltas) > 0 || behind
	for _, p := range cut.parts {
		wants = wants || p.pending || p.rows > 0 || len(p.links) > 0
	}
	if e.closing++; wants && e.closing < maxClosingCuts {
		return cutAgain
	}
	return endRun
}
