package event

import (
	"strconv"

	"github.com/zeebo/xxh3"
)

// Route is the hash of a routing key. It is written into every row (column
// route, part of its key) and decides the shard, so its definition is part of
// the storage format: xxh3-64, seed 0, over the key text of the functions
// below. Golden tests pin it.
type Route uint64

// Shard is the number of one user shard, 0 to the deployment's shard count.
type Shard uint32

// ShardOf is the shard of a route among n (semantics R4).
func ShardOf(r Route, n uint32) Shard { return Shard(uint64(r) % uint64(n)) }

// The routing keys of semantics R1 to R3. The first byte keeps the kinds of
// key apart, so that a user "x" and an impression "x" never share a timeline.
const (
	keyUser       = 'u'
	keyAuction    = 'a'
	keyImpression = 'i'
	keyClick      = 'c'
	keyConversion = 'v'
	keyRecord     = 'p'
	keyCampaign   = 'g'
)

// RouteUser routes by user id (R1): "u" + user.
func RouteUser(user string) Route { return routeOf(keyUser, user) }

// RouteAuction routes a bid or impression without a user (R2): "a" + exchange
// + NUL + auction id.
func RouteAuction(exchange, auction string) Route {
	var buf [256]byte
	b := append(buf[:0], keyAuction)
	b = append(b, exchange...)
	b = append(b, 0)
	b = append(b, auction...)
	return Route(xxh3.Hash(b))
}

// RouteImpression routes an impression without user and auction (R2).
func RouteImpression(id string) Route { return routeOf(keyImpression, id) }

// RouteClick is the home of a click without a user (R3).
func RouteClick(id string) Route { return routeOf(keyClick, id) }

// RouteConversion is the home of a conversion without a user (R3).
func RouteConversion(id string) Route { return routeOf(keyConversion, id) }

// RouteCampaign routes a campaign's aggregates to a campaign shard.
func RouteCampaign(campaign string) Route { return routeOf(keyCampaign, campaign) }

// RouteRecord routes by record position (R2), and every rejected record: "p" +
// topic + "/" + partition + "/" + offset.
func RouteRecord(p Position) Route {
	var buf [256]byte
	b := append(buf[:0], keyRecord)
	b = append(b, p.Topic...)
	b = append(b, '/')
	b = strconv.AppendInt(b, int64(p.ID), 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, int64(p.Offset), 10)
	return Route(xxh3.Hash(b))
}

func routeOf(kind byte, id string) Route {
	var buf [256]byte
	b := append(buf[:0], kind)
	b = append(b, id...)
	return Route(xxh3.Hash(b))
}
