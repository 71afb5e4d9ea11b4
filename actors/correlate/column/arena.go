package column

import "unsafe"

// An Arena holds texts that are only ever dropped together. It keeps them in
// chunks that never move. The zero Arena is empty and ready.
type Arena struct {
	chunks [][]byte
}

const (
	arenaChunkBits  = 12
	arenaChunkBytes = 1 << arenaChunkBits
	firstArenaChunk = 1 << 7
)

// Ref names a text of an arena: the number of its chunk and its place in it.
type Ref uint64

// Add copies the text. An empty text may be added too.
func (a *Arena) Add(text string) Ref {
	at, chunk := a.room(len(text))
	*chunk = append(*chunk, text...)
	return at
}

// AddBytes is Add for bytes.
func (a *Arena) AddBytes(text []byte) Ref {
	at, chunk := a.room(len(text))
	*chunk = append(*chunk, text...)
	return at
}

// room is the chunk in which the next need bytes go, and where.
func (a *Arena) room(need int) (Ref, *[]byte) {
	last := len(a.chunks) - 1
	if last < 0 || len(a.chunks[last])+need > cap(a.chunks[last]) {
		size := firstArenaChunk << min(len(a.chunks), arenaChunkBits-7)
		a.chunks = append(a.chunks, make([]byte, 0, max(size, need)))
		last++
	}
	return Ref(last)<<32 | Ref(len(a.chunks[last])), &a.chunks[last]
}

// Text is n bytes at the ref. It aliases the arena.
func (a *Arena) Text(r Ref, n int) string {
	if n == 0 {
		return ""
	}
	chunk, at := a.chunks[r>>32], int(r&(1<<32-1))
	b := chunk[at : at+n]
	return unsafe.String(unsafe.SliceData(b), n)
}

// Bytes is the memory of the arena.
func (a *Arena) Bytes() int64 {
	var n int64
	for _, c := range a.chunks {
		n += int64(cap(c))
	}
	return n
}
