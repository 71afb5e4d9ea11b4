package campaign

// A store holds the groups of one table: an open-addressing index over a list,
// and the lists of what must be shown and what must be kept. Nothing in it is a
// pointer the collector must follow, unless the values have some.
type store[K groupKey, V any] struct {
	slots []uint32 // index+1 of items
	items []item[K, V]
	free  []uint32
	held  int

	touched []uint32 // to be shown by a Cut; an item is in it once
	unsaved []uint32 // to be kept by a Segment; an item is in it once
	gone    []K      // let go since the last Segment
}

// groupKey is the key of a group, its text in the shard's dictionary.
type groupKey interface {
	comparable
	hash() uint64
}

type item[K groupKey, V any] struct {
	key   K
	marks marks
	value V
}

// marks say which lists an item is in.
type marks uint8

const (
	held marks = 1 << iota
	touched
	unsaved
)

// at is the index of a key, made when it is new.
func (s *store[K, V]) at(k K) (index uint32, fresh bool) {
	if (s.held+1)*4 >= len(s.slots)*3 {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := k.hash() & mask; ; i = (i + 1) & mask {
		n := s.slots[i]
		if n == 0 {
			index = s.place(k)
			s.slots[i] = index + 1
			s.held++
			return index, true
		}
		if s.items[n-1].key == k {
			return n - 1, false
		}
	}
}

// place is a place in the list for a new item.
func (s *store[K, V]) place(k K) uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		s.items[i] = item[K, V]{key: k, marks: held}
		return i
	}
	s.items = append(s.items, item[K, V]{key: k, marks: held})
	return uint32(len(s.items) - 1)
}

func (s *store[K, V]) grow() {
	s.slots = make([]uint32, max(64, 2*len(s.slots)))
	mask := uint64(len(s.slots) - 1)
	for n := range s.items {
		if s.items[n].marks&held == 0 {
			continue
		}
		i := s.items[n].key.hash() & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = uint32(n + 1)
	}
}

// remove lets an item go: it is in no list any more, but for gone.
func (s *store[K, V]) remove(index uint32) {
	mask := uint64(len(s.slots) - 1)
	i := s.items[index].key.hash() & mask
	for s.slots[i] != index+1 {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; s.slots[j] != 0; j = (j + 1) & mask {
		// What stands behind the hole moves into it, unless it would then stand
		// before its own place.
		home := s.items[s.slots[j]-1].key.hash() & mask
		if (j-home)&mask >= (j-i)&mask {
			s.slots[i] = s.slots[j]
			i = j
		}
	}
	s.slots[i] = 0
	it := &s.items[index]
	s.gone = append(s.gone, it.key)
	if it.marks&(touched|unsaved) == 0 {
		s.free = append(s.free, index)
	}
	it.marks &^= held
	s.held--
}

// change marks an item as one to be shown and kept.
func (s *store[K, V]) change(index uint32) *V {
	it := &s.items[index]
	if it.marks&touched == 0 {
		it.marks |= touched
		s.touched = append(s.touched, index)
	}
	if it.marks&unsaved == 0 {
		it.marks |= unsaved
		s.unsaved = append(s.unsaved, index)
	}
	return &it.value
}

// show marks an item as one to be shown.
func (s *store[K, V]) show(index uint32) {
	if it := &s.items[index]; it.marks&touched == 0 {
		it.marks |= touched
		s.touched = append(s.touched, index)
	}
}

// showAll marks every item.
func (s *store[K, V]) showAll() {
	for i := range s.items {
		if s.items[i].marks&held != 0 {
			s.show(uint32(i))
		}
	}
}

// take is the indexes of a list of held items, whose mark is taken off; list is
// empty then.
func (s *store[K, V]) take(list *[]uint32, mark marks) []uint32 {
	out := make([]uint32, 0, len(*list))
	for _, i := range *list {
		it := &s.items[i]
		it.marks &^= mark
		switch {
		case it.marks&held != 0:
			out = append(out, i)
		case it.marks == 0:
			s.free = append(s.free, i)
		}
	}
	*list = (*list)[:0]
	return out
}

// all is the indexes of every item.
func (s *store[K, V]) all() []uint32 {
	out := make([]uint32, 0, s.held)
	for i := range s.items {
		if s.items[i].marks&held != 0 {
			out = append(out, uint32(i))
		}
	}
	return out
}
