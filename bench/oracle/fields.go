package oracle

import "strings"

// fieldList is the fields of one kind of event in the order of spec events 1.3
// to 1.5, each with its aliases in order.
type fieldList struct {
	names []string
	where map[string]place // by lower-case name or alias
}

// place is the field that a name means and the name's rank among its names: the
// canonical one is 0 (N11).
type place struct{ field, rank int }

func newFieldList(lines ...string) *fieldList {
	l := &fieldList{where: map[string]place{}}
	for i, line := range lines {
		names := strings.Fields(line)
		l.names = append(l.names, names[0])
		for rank, name := range names {
			l.where[name] = place{i, rank}
		}
	}
	return l
}

func (l *fieldList) find(name string) (place, bool) {
	p, ok := l.where[lowerASCII(name)]
	return p, ok
}

var impressionFields = newFieldList(
	"impression_id imp_uid event_id id",
	"timestamp event_time event_timestamp ts",
	"user_id uid buyeruid cookie_id",
	"creative_id ad_creative_id crid creative",
	"campaign_id ad_campaign_id cid",
	"website website_url site domain page url",
	"app_bundle", "placement_id", "exchange", "line_item_id", "advertiser_id", "deal_id",
	"auction_id", "imp_id item_id", "bid_id",
	"price price_cpm", "price_cpm_micros",
	"currency", "price_type", "quantity", "ad_format", "width", "height",
	"measurable", "viewable", "in_view_ms", "user_agent", "ip",
	"device_type", "os", "browser", "country", "region", "utc_offset_min",
	"is_prefetch", "is_test", "gdpr", "consent", "gpp", "us_privacy",
	"sent_at", "received_at",
)

var clickFields = newFieldList(
	"event_timestamp timestamp ts click_time",
	"user_id",
	"campaign_id ad_campaign_id", "creative_id ad_creative_id",
	"click_id gclid clid event_id",
	"impression_id", "exchange", "auction_id", "imp_id item_id", "bid_id",
	"conversion_type event_type",
	"website website_url site domain page url", "landing_url", "user_agent", "ip",
	"country", "device_type", "os", "click_x", "click_y", "is_test", "gdpr", "consent",
	"sent_at", "received_at",
)

var conversionFields = newFieldList(
	"event_timestamp timestamp conversion_time",
	"user_id",
	"campaign_id ad_campaign_id",
	"conversion_type event_name event_type",
	"conversion_id event_id",
	"order_id transaction_id",
	"click_id", "impression_id", "advertiser_id",
	"value", "value_micros", "currency", "quantity", "adjustment",
	"user_agent", "ip", "country", "device_type", "is_test", "gdpr", "consent",
	"sent_at", "received_at",
)

type valueKind uint8

const (
	none      valueKind = iota // absent or null
	text                       // a string
	number                     // a JSON or Avro number, by its text
	floating                   // an Avro float or double, by its shortest text
	boolean                    // "true" or "false"
	composite                  // an object or array
)

// value is a scalar as the record states it.
type value struct {
	kind valueKind
	text string
}

// cells is one event's values by field of its list.
type cells struct {
	list  *fieldList
	vals  []value
	ranks []int // rank of the name that gave the value; -1 nothing yet
}

func newCells(list *fieldList) *cells {
	c := &cells{list: list, vals: make([]value, len(list.names)), ranks: make([]int, len(list.names))}
	for i := range c.ranks {
		c.ranks[i] = -1
	}
	return c
}

// put states a value under a name as written. The best rank wins, then the
// first (N11). A null is as good as a name that is not there.
func (c *cells) put(name string, v value) {
	p, ok := c.list.find(name)
	if !ok || v.kind == none {
		return
	}
	if have := c.ranks[p.field]; have < 0 || p.rank < have {
		c.vals[p.field], c.ranks[p.field] = v, p.rank
	}
}

func (c *cells) get(name string) value { return c.vals[c.list.where[name].field] }
