package parts

import "math/bits"

// hashTable is the plainest table that can tell whether a hash was seen: open
// addressing, linear probing, at most half full. Zero stands for empty; the hash
// zero is taken for one.
type hashTable struct {
	slots []uint64
	mask  uint64
	used  int
}

func newHashTable(n int) *hashTable {
	size := uint64(1) << bits.Len64(uint64(2*max(n, 1)-1))
	return &hashTable{slots: make([]uint64, size), mask: size - 1}
}

// insert reports whether the hash is new.
func (t *hashTable) insert(h uint64) bool {
	if h == 0 {
		h = 1
	}
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		switch t.slots[i] {
		case 0:
			t.slots[i] = h
			t.used++
			return true
		case h:
			return false
		}
	}
}
