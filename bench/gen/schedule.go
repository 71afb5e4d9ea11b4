package gen

// kind is what an item becomes.
type kind uint8

const (
	kindBid kind = iota
	kindImpression
	kindClick
	kindConversion
	kindAdjustment
	kinds = int(kindAdjustment) + 1
)

// fault is what is wrong with an item; at most one.
type fault uint8

const (
	sound       fault = iota
	copied            // a second, equal record
	conflicting       // a second record with the same id that says something else
	late              // more than 10 minutes on its way
	tooLate           // beyond the horizon of T2
	skewed            // clock off, but sent_at says by how much
	wild              // clock in 1970 or a year ahead
	ahead             // clock up to 3 hours ahead
	broken            // cannot be decoded; how is drawn from the seed
)

// trait bits of an item.
const (
	isBot      uint16 = 1 << iota
	isTest            // is_test on the wire
	auditPrice        // price AUDIT
	macroPrice        // price is null by macro or encryption
	encoded           // with macroPrice: encrypted
	bigCount          // quantity 2.5
	noID              // no id of its own
	noParent          // does not name its parent
	noCampaign        // leaves the campaign out
	unmapped          // creative nobody knows
	flushed           // sent with others in one record
	bareLine          // CSV without a header: configured columns only
	won               // bid: with an impression to come
	noOffer           // bid request we did not answer
	viewOnly          // conversion without a click
	retracted         // adjustment: RETRACT, else RESTATE
)

// item is one event under way. What it says follows from these few numbers, so
// that hundreds of thousands may wait for their time.
type item struct {
	seed     uint64 // its ids derive from it; an adjustment has its original's
	parent   uint64 // seed of the impression a click or conversion follows
	touch    uint64 // seed of the click a conversion follows, 0 none
	basket   uint64 // seed of a conversion's order
	event    int64  // event time in ms since 1970, true unless the fault says otherwise
	at       int64  // Kafka timestamp, ms
	ref      int64  // impression: time of its auction, ms; 0 without a bid
	amount   int64  // price per mille or value, micros
	transit  int64  // skewed: ms between sending and the Kafka timestamp
	before   int64  // adjustment: the value it replaces, micros
	user     uint32
	site     uint32
	creative uint32 // ordinal among all campaigns' creatives
	day      uint16 // day whose user id is used, counted from the start
	traits   uint16
	kind     kind
	fault    fault
	action   uint8 // conversion type
}

// entry orders items by time; equal times by ordinal, which a seed determines.
type entry struct {
	at  int64
	ord uint32
}

func (a entry) before(b entry) bool { return a.at < b.at || (a.at == b.at && a.ord < b.ord) }

// schedule is a 4-ary heap of what is under way. Items lie still in an arena;
// the heap moves 16 bytes.
type schedule struct {
	heap  []entry
	items []item
	free  []uint32
}

func (s *schedule) push(it *item) {
	var ord uint32
	if n := len(s.free); n > 0 {
		ord = s.free[n-1]
		s.free = s.free[:n-1]
		s.items[ord] = *it
	} else {
		ord = uint32(len(s.items))
		s.items = append(s.items, *it)
	}
	s.heap = append(s.heap, entry{})
	e, i := entry{at: it.at, ord: ord}, len(s.heap)-1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(s.heap[up]) {
			break
		}
		s.heap[i] = s.heap[up]
		i = up
	}
	s.heap[i] = e
}

// next is when the first item is due.
func (s *schedule) next() (int64, bool) {
	if len(s.heap) == 0 {
		return 0, false
	}
	return s.heap[0].at, true
}

// peek is the first item; only valid until the next push or pop.
func (s *schedule) peek() *item { return &s.items[s.heap[0].ord] }

// pop removes the first item and copies it out.
func (s *schedule) pop(it *item) {
	top := s.heap[0].ord
	*it = s.items[top]
	s.free = append(s.free, top)
	last := len(s.heap) - 1
	e := s.heap[last]
	s.heap = s.heap[:last]
	if last == 0 {
		return
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= last {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, last); c++ {
			if s.heap[c].before(s.heap[least]) {
				least = c
			}
		}
		if !s.heap[least].before(e) {
			break
		}
		s.heap[i] = s.heap[least]
		i = least
	}
	s.heap[i] = e
}
