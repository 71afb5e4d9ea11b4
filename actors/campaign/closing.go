package campaign

import (
	"cmp"
	"container/heap"
)

// closing keeps keys by the bucket that closes them, so that closing costs
// what closes and nothing for what stays (ST1). A key may be in it after it has
// been let go, or twice; who closes it looks whether it still holds.
type closing[B cmp.Ordered, K any] struct {
	members map[B][]K
	buckets bucketHeap[B]
}

func newClosing[B cmp.Ordered, K any]() closing[B, K] {
	return closing[B, K]{members: map[B][]K{}}
}

func (c *closing[B, K]) add(bucket B, key K) {
	keys, known := c.members[bucket]
	if !known {
		heap.Push(&c.buckets, bucket)
	}
	c.members[bucket] = append(keys, key)
}

// close removes every bucket that is final and calls each with it and its keys.
func (c *closing[B, K]) close(final func(B) bool, each func(B, K)) {
	for len(c.buckets) > 0 && final(c.buckets[0]) {
		bucket := heap.Pop(&c.buckets).(B)
		for _, key := range c.members[bucket] {
			each(bucket, key)
		}
		delete(c.members, bucket)
	}
}

// bucketHeap is a min-heap (container/heap).
type bucketHeap[B cmp.Ordered] []B

func (h bucketHeap[B]) Len() int           { return len(h) }
func (h bucketHeap[B]) Less(i, j int) bool { return h[i] < h[j] }
func (h bucketHeap[B]) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is heap.Interface's.
func (h *bucketHeap[B]) Push(x any) { *h = append(*h, x.(B)) }

// Pop is heap.Interface's.
func (h *bucketHeap[B]) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
