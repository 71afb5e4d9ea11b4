package correlate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"unsafe"

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
	pages  []*userPage
	given  uint32   // ordinals ever given: all below
	free   []uint32 // ordinals to use again, largest first
	count  int
	fresh  []uint32 // ordinals given since the last segment
	keys   *keyer
	recent [1 << 8]recentKey // keys of users that bids name; they get no ordinal
}

// user is what there is to know of one user, in half a cache line: whoever
// looks for a user has all of it at hand.
type user struct {
	route event.Route
	key   userKey
	head  uint32 // newest live impression, +1; 0 none
	live  uint32 // live impressions; userTaken is set in it for an ordinal in use
}

// userTaken marks an ordinal in use.
const userTaken = 1 << 31

func (u *user) taken() bool { return u.live&userTaken != 0 }

// Pages never move and never grow, so a million users cost what they take.
const (
	userPageBits = 7
	userPageRows = 1 << userPageBits
)

type userPage [userPageRows]user

// recentKey is the key of a user that a bid named.
type recentKey struct {
	route event.Route
	key   userKey
	set   bool
}

func (u *users) at(n uint32) *user { return &u.pages[n>>userPageBits][n&(userPageRows-1)] }

func (u *users) find(r event.Route) (uint32, bool) { return u.findHashed(userHash(r), r) }

func (u *users) findHashed(hash uint64, r event.Route) (uint32, bool) {
	p := u.index.Probe(hash)
	for {
		n, ok := p.Next()
		if !ok || u.at(n).route == r {
			return n, ok
		}
	}
}

// userHash stirs the route: all routes of one shard share their low digits.
func userHash(r event.Route) uint64 { return column.Mix(uint64(r), 'u') }

// of is the ordinal of the user, made when it is new; hash is that of its route.
func (u *users) of(hash uint64, r event.Route, id string) uint32 {
	if n, ok := u.findHashed(hash, r); ok {
		return n
	}
	n := u.given
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

// grow makes room for one more ordinal.
func (u *users) grow() {
	if u.given%userPageRows == 0 {
		u.pages = append(u.pages, new(userPage))
	}
	u.given++
}

func (u *users) set(n uint32, r event.Route, key userKey) {
	*u.at(n) = user{route: r, key: key, live: userTaken}
	u.count++
	if u.index.Full() {
		u.index.Rebuild(func(add func(uint64, uint32)) {
			for i := range u.given {
				if v := u.at(i); v.taken() && i != n {
					add(userHash(v.route), i)
				}
			}
		})
	}
	u.index.Insert(userHash(r), n)
}

// keyOf is the key of a user, with an ordinal or without.
func (u *users) keyOf(r event.Route, id string) userKey {
	if n, ok := u.find(r); ok {
		return u.at(n).key
	}
	slot := &u.recent[userHash(r)%uint64(len(u.recent))]
	if !slot.set || slot.route != r {
		*slot = recentKey{route: r, key: u.keys.of(id), set: true}
	}
	return slot.key
}

// sweep frees the ordinals of users without a row. None of them is in an
// audience any more (expireReach).
func (u *users) sweep(hasRow []bool) {
	for n := range u.given {
		v := u.at(n)
		if !v.taken() || hasRow[n] {
			continue
		}
		u.index.Remove(userHash(v.route), n)
		v.live = 0
		u.count--
	}
	u.listFree()
}

// listFree collects the free ordinals in the order in which they are used.
func (u *users) listFree() {
	u.free = u.free[:0]
	for n := u.given; n > 0; n-- {
		if !u.at(n - 1).taken() {
			u.free = append(u.free, n-1)
		}
	}
}

func (u *users) bytes() int64 {
	const size = 32
	return int64(len(u.pages))*(userPageRows*size+8) + int64(cap(u.free)+cap(u.fresh))*4 + int64(len(u.recent))*size
}
