package rowfile

// pieceBytes is the size of the pieces that finished pages are kept in until their
// row group is complete; piecesIdle is how many of them wait for the next file.
const (
	pieceBytes = 16 << 10
	piecesIdle = 256
)

// chain is bytes in pieces: a row group is 20 MB, which no buffer should have to
// grow to.
type chain struct{ list [][]byte }

// pieces are those that nobody uses.
type pieces struct{ idle [][]byte }

// add appends to a chain.
func (p *pieces) add(c *chain, b []byte) {
	for len(b) > 0 {
		last := len(c.list) - 1
		if last < 0 || len(c.list[last]) == pieceBytes {
			c.list = append(c.list, p.get())
			last++
		}
		n := min(len(b), pieceBytes-len(c.list[last]))
		c.list[last] = append(c.list[last], b[:n]...)
		b = b[n:]
	}
}

func (p *pieces) get() []byte {
	if n := len(p.idle); n > 0 {
		b := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return b[:0]
	}
	return make([]byte, 0, pieceBytes)
}

// put takes the pieces of a chain back.
func (p *pieces) put(c *chain) {
	p.idle = append(p.idle, c.list...)
	clear(c.list)
	c.list = c.list[:0]
}

// trim lets go of more than a small file needs.
func (p *pieces) trim() {
	if len(p.idle) > piecesIdle {
		clear(p.idle[piecesIdle:])
		p.idle = p.idle[:piecesIdle]
	}
}
