package oracle

import (
	"encoding/hex"

	"crypto/hmac"
	"crypto/sha256"

	"github.com/advertisex/adjoin/internal/event"
)

// head is what every decoded record has, whatever its kind.
type head struct {
	pos    event.Position
	ingest event.Time
	at     event.Time // event time: repaired (N3), later clamped (T1)
	route  event.Route
	print  event.Fingerprint
	flags  event.Flags
	late   bool   // T4
	test   bool   // N10
	user   string // "" without
	id     string // as on the wire, or synthetic; what joins look for
	key    string // id as the row's key column says it: with D3's suffix
}

func (h *head) self() *head { return h }

// record is any of the four kinds.
type record interface {
	self() *head
	declared() string // campaign as on the wire, for rejected_events
}

type imp struct {
	id, placement, format string
	width, height         int32
	floor                 int64
	expiry                int64
}

type offer struct {
	bidID, responseID, impID             string
	campaign, line, creative, advertiser string
	price                                int64
	currency, deal                       string
	loss                                 *int32
	minToWin                             *int64
}

type pair struct{ key, value string }

type bid struct {
	head
	exchange, auction string
	country           string
	device            int32
	site, app         string
	imps              []imp
	offers            []offer
	targeting         []pair
	noBid             *int32
	permille          int64
}

func (*bid) declared() string { return "" }

type impression struct {
	head
	creative, campaign, line, advertiser string // as declared
	site, path, app, placement, deal     string
	exchange, auction, impID, bidID      string
	price                                *int64
	priceType, currency                  string
	quantity                             int64 // 1e-6
	format                               string
	width, height, device                int32
	measurable, viewable                 event.Tri
	inView                               *int64
	os, browser, country, region         string

	// What the reference data and the rules add.
	campaignOf, lineOf, advertiserOf, formatOf string // of the row (R-J0)
	seen, measured                             event.Tri
}

func (i *impression) declared() string { return i.campaign }
func (i *impression) valid() bool      { return !i.test }

type click struct {
	head
	campaign, creative, impressionID string // as declared
	exchange, auction, impID         string
	site, landing, country, os       string
	device                           int32

	own      string      // own campaign (R-J0)
	timeline event.Route // where it is a touch: its route, or its keeper's (R-R3.4)
	parent   *impression
	method   string
	reason   string
	rowFlags event.Flags
	codes    []string

	// Of the row, the parent's where there is one.
	campaignOf, creativeOf, lineOf, advertiserOf, siteOf, exchangeOf string
}

func (c *click) declared() string { return c.campaign }
func (c *click) valid() bool      { return len(c.codes) == 0 }

// kept reports whether another timeline keeps the click.
func (c *click) kept() bool { return c.timeline != c.route }

type conversion struct {
	head
	campaign, kind, order, clickID, impressionID, advertiser string
	wireID                                                   string // conversion_id, "" when absent
	value                                                    int64
	currency                                                 string
	quantity                                                 int32
	adjustment                                               event.Adjustment

	advertiserOf string // R-A1
	duplicate    bool   // DUP_ORDER
	settled      *conversion
	path         path
	countReason  string
	rowFlags     event.Flags
}

func (c *conversion) declared() string { return c.campaign }
func (c *conversion) adjusts() bool    { return c.adjustment != event.New }

// amount is the value after adjustments (C2).
func (c *conversion) amount() int64 {
	switch {
	case c.settled == nil:
		return c.value
	case c.settled.adjustment == event.Retract:
		return 0
	}
	return c.settled.value
}

// rejection is a record or line that is no fact.
type rejection struct {
	pos      event.Position
	ingest   event.Time
	reason   event.Reason
	field    string
	detail   string
	at       event.Time
	timed    bool // at is readable
	campaign string
	flags    event.Flags
}

// userKeys gives each user the keyed hash that stands for it in every table. It
// remembers the last one: rows come ordered by route.
type userKeys struct {
	secret    []byte
	user, key string
}

func (u *userKeys) of(user string) string {
	if user != "" && user != u.user {
		mac := hmac.New(sha256.New, u.secret)
		mac.Write([]byte(user))
		u.user, u.key = user, hex.EncodeToString(mac.Sum(nil)[:16])
	}
	if user == "" {
		return ""
	}
	return u.key
}
