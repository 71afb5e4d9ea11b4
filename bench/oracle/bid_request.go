package oracle

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// bidOf reads a bid request (events 1.6), current or legacy: a writer schema
// without imps describes one imp, one without the record user has its fields at
// the top.
func bidOf(d datum, r *bidReading) (*bid, *fault) {
	b := &bid{permille: 1000}
	top := bidRecord{r, d.tree, ""}
	b.auction = top.id("auction_id", "")
	b.exchange = r.words.keep(top.id("exchange", "default"))
	top.free("source_tid", "")
	at, timed := top.when(d.unit)
	top.whole("auction_type", 2, math.MinInt32, math.MaxInt32)
	top.number("tmax_ms")
	if top.flag("test") {
		r.test = true
	}
	who := top
	if user, nested := d.tree["user"].(map[string]any); nested {
		who = bidRecord{r, user, ""}
	}
	who.userInto(b)
	b.site = top.free("site_domain", "")
	top.free("page_url", "")
	b.app = top.label("app_bundle")
	top.label("publisher_id")
	top.list("site_cat")
	b.noBid = small(top.maybe("no_bid_reason"))
	b.permille = top.sampling()
	top.impsInto(b)
	top.offersInto(b)
	top.targetingInto(b)
	if b.permille < 1 || b.permille > 1000 {
		r.fail(event.BadNumber, "sample_permille")
	}
	if r.fault == nil && b.auction == "" {
		r.fail(event.MissingField, "auction_id")
	}
	if r.fault == nil && !timed {
		r.fail(event.MissingField, "timestamp")
	}
	if r.fault == nil && len(b.imps) == 0 {
		r.fail(event.NoImps, "imps")
	}
	if r.fault != nil {
		return nil, r.fault
	}
	b.at, b.print, b.flags, b.test = at, r.print.sum(), r.flags, r.test
	b.id = b.auction
	return b, nil
}

// sampling is the share of requests that were logged. It comes early in the
// fingerprint and last in the order of the checks.
func (r bidRecord) sampling() int64 {
	return r.whole("sample_permille", 1000, math.MinInt64, math.MaxInt64)
}

func small(n *int64) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n)
	return &v
}

// userInto reads the fields of UserInfo. The exchange's id stands in for a
// missing buyer's id (events 1.2).
func (r bidRecord) userInto(b *bid) {
	own := r.id("user_id", "")
	b.user = orElse(own, r.id("exchange_user_id", ""))
	r.free("user_id_type", "cookie")
	r.id("ifa", "")
	r.flag("lmt")
	r.flag("dnt")
	r.free("ip", "", "ip_address")
	r.free("user_agent", "")
	b.country = countryCodes[upperASCII(r.raw("country").text)]
	r.state("country", b.country, "")
	r.free("region", "")
	r.free("city", "")
	r.number("utc_offset_min")
	b.device = int32(r.number("device_type"))
	r.free("os", "")
	r.free("browser", "")
	r.free("language", "")
	switch truth(r.raw("gdpr")) {
	case event.True:
		r.state("gdpr", "1", "")
	case event.False:
		r.state("gdpr", "0", "")
	}
	r.free("consent", "")
	r.free("gpp", "")
	r.free("us_privacy", "")
	r.flag("coppa")
}

func (r bidRecord) children(name string) []bidRecord {
	items, _ := r.tree[name].([]any)
	var all []bidRecord
	for i, item := range items {
		if tree, ok := item.(map[string]any); ok {
			all = append(all, bidRecord{r.bidReading, tree, name + "." + decimal(int64(i)) + "."})
		}
	}
	return all
}

func (r bidRecord) impsInto(b *bid) {
	if _, has := r.tree["imps"]; !has {
		b.imps = []imp{{id: "1", format: "banner"}}
		return
	}
	for i, c := range r.children("imps") {
		m := imp{id: orElse(c.label("imp_id"), decimal(int64(i+1)))}
		m.placement, m.format = c.label("placement_id"), c.format()
		m.width = int32(c.whole("w", 0, 0, 16384))
		m.height = int32(c.whole("h", 0, 0, 16384))
		c.number("position")
		m.floor = c.money("bidfloor_cpm_micros", "0")
		c.currency("bidfloor_currency", false)
		c.flag("interstitial")
		c.flag("rewarded")
		m.expiry = c.number("exp_s")
		c.list("deal_ids")
		b.imps = append(b.imps, m)
	}
}

func (r bidRecord) offersInto(b *bid) {
	if price := r.legacyPrice(); price > 0 {
		r.flags |= event.CurrencyDefaulted
		r.print.add("bids.0.price_cpm_micros", decimal(price))
		b.offers = []offer{{impID: "1", price: price, currency: r.set.Currency}}
		return
	}
	for _, c := range r.children("bids") {
		o := offer{bidID: c.id("bid_id", ""), responseID: c.id("bidid", "")}
		o.impID = orElse(c.label("imp_id"), "1")
		o.campaign, o.line = c.label("campaign_id"), c.label("line_item_id")
		o.creative, o.advertiser = c.label("creative_id"), c.label("advertiser_id")
		o.price = c.money("price_cpm_micros", "")
		o.currency = c.currency("currency", true)
		o.deal = c.label("deal_id")
		o.loss = small(c.maybe("loss_code"))
		o.minToWin = c.maybe("min_to_win_cpm_micros")
		same := func(p offer) bool { return p.impID == o.impID && p.bidID == o.bidID }
		if !slices.ContainsFunc(b.offers, same) {
			b.offers = append(b.offers, o)
		}
	}
}

func (r bidRecord) targetingInto(b *bid) {
	for _, name := range []string{"targeting", "ad_targeting", "targeting_criteria"} {
		criteria, ok := r.tree[name].(map[string]any)
		if !ok {
			continue
		}
		for key, raw := range criteria {
			b.targeting = append(b.targeting, pair{r.words.keep(key), r.words.keep(joined(raw))})
		}
		break
	}
	slices.SortFunc(b.targeting, func(x, y pair) int { return cmp.Compare(x.key, y.key) })
	for _, p := range b.targeting {
		r.print.add("targeting."+p.key, p.value)
	}
}

// joined is a targeting value as text, a list joined with "|".
func joined(raw any) string {
	items, list := raw.([]any)
	if !list {
		return avroValue(raw).text
	}
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = avroValue(item).text
	}
	return strings.Join(parts, "|")
}
