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

func (g *growth) wrote(segment []byte, base bool) {
	switch {
	case base:
		*g = growth{segments: 1, base: len(segment)}
	case segment != nil:
		g.segments++
		g.changes += len(segment)
	}
}
