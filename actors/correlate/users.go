package correlate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"unsafe"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/advertisex/adjoin/actors/correlate/column"
	"github.com/advertisex/adjoin/internal/event"
)

// userKey is the first 16 bytes of the keyed hash of a user id (P2).
type userKey [16]byte

// keyer makes user keys.
type keyer struct {
	mac hash.Hash
	sum [sha256.Size]byte
	id  [event.MaxIDBytes]byte
	hex [2 * len(userKey{})]byte
}

func newKeyer(secret []byte) *keyer { return &keyer{mac: hmac.New(sha256.New, secret)} }

func (k *keyer) of(user string) userKey {
	k.mac.Reset()
	k.mac.Write(append(k.id[:0], user...))
	return userKey(k.mac.Sum(k.sum[:0])[:len(userKey{})])
}

// text is the key as tables show it. It is good until the next call.
func (k *keyer) text(key userKey) string {
	hex.Encode(k.hex[:], key[:])
	return unsafe.String(&k.hex[0], len(k.hex))
}

// noUser is the ordinal of an event without a user.
const noUser = ^uint32(0)

// users gives each user with impressions an ordinal, which is what reach
// bitmaps count. An ordinal is given to another user only when nothing can be
// said about a day on which its last user was seen.
type users struct {
	index  column.Index
	route  []event.Route
	key    []userKey
	head   []uint32 // newest live impression, +1; 0 none
	live   []uint32 // live impressions
	taken  []bool   // false: a free ordinal
	free   []uint32 // largest first
	count  int
	fresh  []uint32 // ordinals given since the last segment
	keys   *keyer
	recent [1 << 10]recentKey // keys of users that bids name; they get no ordinal
}

type recentKey struct {
	route event.Route
	key   userKey
	set   bool
}

func (u *users) find(r event.Route) (uint32, bool) {
	p := u.index.Probe(userHash(r))
	for {
		n, ok := p.Next()
		if !ok || u.route[n] == r {
			return n, ok
		}
	}
}

// userHash stirs the route: all routes of one shard share their low digits.
func userHash(r event.Route) uint64 { return column.Mix(uint64(r), 'u') }

// of is the ordinal of the user, made when it is new.
func (u *users) of(r event.Route, id string) uint32 {
	if n, ok := u.find(r); ok {
		return n
	}
	n := uint32(len(u.route))
	if k := len(u.free); k > 0 {
		n = u.free[k-1]
		u.free = u.free[:k-1]
	} else {
		u.grow()
	}
	u.set(n, r, u.keys.of(id))
	u.fresh = append(u.fresh, n)
	return n
}

func (u *users) grow() {
	u.route = append(u.route, 0)
	u.key = append(u.key, userKey{})
	u.head = append(u.head, 0)
	u.live = append(u.live, 0)
	u.taken = append(u.taken, false)
}

func (u *users) set(n uint32, r event.Route, key userKey) {
	u.route[n], u.key[n], u.head[n], u.live[n], u.taken[n] = r, key, 0, 0, true
	u.count++
	if u.index.Full() {
		u.index.Rebuild(func(add func(uint64, uint32)) {
			for i := range u.route {
				if u.taken[i] && uint32(i) != n {
					add(userHash(u.route[i]), uint32(i))
				}
			}
		})
	}
	u.index.Insert(userHash(r), n)
}

// keyOf is the key of a user, with an ordinal or without.
func (u *users) keyOf(r event.Route, id string) userKey {
	if n, ok := u.find(r); ok {
		return u.key[n]
	}
	slot := &u.recent[userHash(r)%uint64(len(u.recent))]
	if !slot.set || slot.route != r {
		*slot = recentKey{route: r, key: u.keys.of(id), set: true}
	}
	return slot.key
}

// sweep frees the ordinals of users without a row who are in none of the reach
// sets that can still change: whoever has the ordinal next is on other days.
func (u *users) sweep(hasRow []bool, reached *roaring.Bitmap) {
	for n := range u.route {
		if !u.taken[n] || hasRow[n] || reached.Contains(uint32(n)) {
			continue
		}
		u.index.Remove(userHash(u.route[n]), uint32(n))
		u.taken[n] = false
		u.count--
	}
	u.listFree()
}

// listFree collects the free ordinals in the order in which they are used.
func (u *users) listFree() {
	u.free = u.free[:0]
	for n := len(u.route) - 1; n >= 0; n-- {
		if !u.taken[n] {
			u.free = append(u.free, uint32(n))
		}
	}
}

func (u *users) bytes() int64 {
	return int64(cap(u.route))*8 + int64(cap(u.key))*16 + int64(cap(u.head)+cap(u.live))*4 +
		int64(cap(u.taken)) + int64(cap(u.free))*4 + int64(len(u.recent))*32
}
