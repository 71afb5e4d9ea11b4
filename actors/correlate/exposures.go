package correlate

import "github.com/advertisex/adjoin/actors/correlate/column"

// exposures counts impressions by user: a table of 4 bytes a user, five bits of
// them the count. The few users with more, and ordinals that do not fit, are in
// a map. The zero value is empty.
type exposures struct {
	slots []uint32 // (user + 1) << countBits | count, 0 for none
	used  uint32
	many  map[uint32]uint32
}

const (
	countBits = 5
	countMost = 1<<countBits - 1 // this, and the true count is in many
	userMost  = 1<<(32-countBits) - 2
)

// add counts an impression of the user, the result being how many there are.
func (e *exposures) add(user uint32) uint32 {
	slot := e.find(user)
	if slot == nil {
		return e.shift(user, 1)
	}
	n := *slot & countMost
	switch {
	case n < countMost-1:
		*slot++
		return n + 1
	case n < countMost:
		*slot++
		e.set(user, countMost)
		return countMost
	}
	return e.shift(user, 1)
}

// remove takes an impression of the user back, the result being how many are
// left.
func (e *exposures) remove(user uint32) uint32 {
	slot := e.find(user)
	if slot == nil {
		return e.shift(user, ^uint32(0))
	}
	n := *slot & countMost
	if n < countMost {
		*slot--
		return n - 1
	}
	left := e.shift(user, ^uint32(0))
	if left < countMost {
		delete(e.many, user)
		*slot--
	}
	return left
}

func (e *exposures) set(user, n uint32) {
	if e.many == nil {
		e.many = make(map[uint32]uint32)
	}
	e.many[user] = n
}

func (e *exposures) shift(user, by uint32) uint32 {
	n := e.many[user] + by
	e.set(user, n)
	return n
}

// find is the slot of a user, made when it is new; nil for an ordinal that does
// not fit. A user whose count came back to zero keeps the slot.
func (e *exposures) find(user uint32) *uint32 {
	if user > userMost {
		return nil
	}
	if int(e.used+1)*8 > len(e.slots)*7 {
		e.grow()
	}
	key := user + 1
	for i := e.start(key); ; i++ {
		if i == len(e.slots) {
			i = 0
		}
		switch v := e.slots[i]; {
		case v == 0:
			e.slots[i] = key << countBits
			e.used++
			return &e.slots[i]
		case v>>countBits == key:
			return &e.slots[i]
		}
	}
}

// start is where the search for a key begins: the table has any size.
func (e *exposures) start(key uint32) int {
	return int(column.Mix(uint64(key), 'e') >> 32 * uint64(len(e.slots)) >> 32)
}

// grow makes the table a third larger.
func (e *exposures) grow() {
	old := e.slots
	e.slots = make([]uint32, max(4, len(old)+len(old)/3+2))
	for _, v := range old {
		if v == 0 {
			continue
		}
		i := e.start(v >> countBits)
		for e.slots[i] != 0 {
			if i++; i == len(e.slots) {
				i = 0
			}
		}
		e.slots[i] = v
	}
}

func (e *exposures) bytes() int64 { return int64(cap(e.slots))*4 + int64(len(e.many))*16 }
