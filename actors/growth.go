package actors

// maxSegments bounds how many segments make up a shard: what a restore reads
// and what a commit names.
const maxSegments = 48

// minRebase is below which a base costs less than thinking about it.
const minRebase = 1 << 20

// growth decides when a shard's state is written whole again instead of as a
// change: when the changes outweigh the base, so that the log of a shard stays
// within about three times its state.
type growth struct {
	segments int
	base     int
	changes  int
}

func (g *growth) wantsBase() bool {
	return g.segments == 0 || g.segments >= maxSegments || g.changes > max(g.base, minRebase)
}

// segment takes the shard's next segment and says whether it is a base. A shard
// that has nothing to say has none, and wants its base later.
func (g *growth) segment(take func(base bool) []byte) (segment []byte, base bool) {
	base = g.wantsBase()
	segment = take(base)
	g.wrote(segment, base)
	return segment, base && segment != nil
}

func (g *growth) wrote(segment []byte, base bool) {
	switch {
	case segment == nil:
	case base:
		*g = growth{segments: 1, base: len(segment)}
	default:
		g.segments++
		g.changes += len(segment)
	}
}
