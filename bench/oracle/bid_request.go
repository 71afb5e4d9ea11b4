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
	top.number("tmax_ms", math.MinInt32)
	if top.flag("test") {
		r.test = true
	}
	who := top
	if user, nested := d.tree["user"].(map[string]any); nested {
		who = bidRecord{r, user, ""}
	}
	who.userInto(b)
	b.site, _ = splitSite(top.cut(top.raw("site_domain")))
	b.site = r.words.keep(b.site)
	top.state("site_domain", b.site, "")
	top.free("page_url", "")
	b.app = top.label("app_bundle")
	top.label("publisher_id")
	top.list("site_cat", top.cut)
	b.noBid = top.code("no_bid_reason")
	b.permille = top.sampling()
	top.impsInto(b)
	top.offersInto(b)
	top.targetingInto(b)
	if b.noBid != nil && *b.noBid < 0 {
		r.fail(event.BadNumber, "no_bid_reason")
	}
	if b.permille < 1 || b.permille > 1000 {
		r.fail(event.BadNumber, "sample_permille")
	}
	if r.crowded {
		return nil, &fault{reason: event.TooLarge}
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
	r.whole("utc_offset_min", 0, -1440, 1440)
	b.device = int32(r.number("device_type", 0))
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
	var all []bidRecord
	for i, item := range r.items(name) {
		if tree, ok := item.(map[string]any); ok {
			all = append(all, bidRecord{r.bidReading, tree, name + "." + decimal(int64(i)) + "."})
		}
	}
	return all
}

func (r bidRecord) impsInto(b *bid) {
	if _, has := r.tree["imps"]; !has {
		flat := bidRecord{r.bidReading, map[string]any{}, "imps.0."}
		for from, to := range map[string]string{"format": "ad_format", "position": "position"} {
			if v, ok := r.tree[from]; ok {
				flat.tree[to] = v
			}
		}
		b.imps = []imp{{id: "1", format: flat.format("ad_format")}}
		flat.number("position", math.MinInt32)
		return
	}
	for i, c := range r.children("imps") {
		m := imp{id: orElse(c.label("imp_id"), decimal(int64(i+1)))}
		m.placement, m.format = c.label("placement_id"), c.format("ad_format")
		m.width = int32(c.whole("w", 0, 0, 16384))
		m.height = int32(c.whole("h", 0, 0, 16384))
		c.number("position", math.MinInt32)
		m.floor = orZero(c.money("bidfloor_cpm_micros", "0"))
		c.currency("bidfloor_currency", false)
		c.flag("interstitial")
		c.flag("rewarded")
		m.expiry = c.number("exp_s", 0)
		c.deals()
		b.imps = append(b.imps, m)
	}
}

func (r bidRecord) offersInto(b *bid) {
	for _, c := range r.children("bids") {
		o := offer{bidID: c.id("bid_id", ""), responseID: c.id("bidid", ""), impID: c.label("imp_id")}
		o.campaign, o.line = c.label("campaign_id"), c.label("line_item_id")
		o.creative, o.advertiser = c.label("creative_id"), c.label("advertiser_id")
		o.price = orZero(c.money("price_cpm_micros", ""))
		o.currency = c.currency("currency", true)
		o.deal = c.label("deal_id")
		if o.loss = c.code("loss_code"); o.loss != nil && *o.loss < 0 {
			r.fail(event.BadNumber, c.prefix+"loss_code")
		}
		o.minToWin = c.money("min_to_win_cpm_micros", "")
		same := func(p offer) bool { return p.impID == o.impID && p.bidID == o.bidID }
		if !slices.ContainsFunc(b.offers, same) {
			b.offers = append(b.offers, o)
		}
	}
	price := r.legacyPrice()
	if price == 0 || len(b.offers) > 0 {
		return
	}
	// What a legacy record says of its one offer stands at its top.
	o := offer{impID: "1", price: price, currency: r.set.Currency}
	flat := bidRecord{r.bidReading, r.tree, "bids.0."}
	o.campaign, o.creative = flat.label("campaign_id"), flat.label("creative_id")
	r.print.add("bids.0.price_cpm_micros", decimal(price))
	r.flags |= event.CurrencyDefaulted
	b.offers = append(b.offers, o)
}

// targetingInto reads the criteria: the map, and the flat columns of legacy rows
// beside it.
func (r bidRecord) targetingInto(b *bid) {
	found := map[string]string{}
	for _, name := range []string{"age", "gender", "device", "location"} {
		if v, ok := r.tree[name]; ok && v != nil {
			found[name] = r.joined(v)
		}
	}
	for _, name := range []string{"targeting", "targeting_criteria", "ad_targeting"} {
		criteria, ok := r.tree[name].(map[string]any)
		if !ok {
			continue
		}
		r.crowded = r.crowded || len(criteria) > r.set.FieldsMax
		for key, raw := range criteria {
			found[r.cut(value{text, key})] = r.joined(raw)
		}
		break
	}
	for key, val := range found {
		b.targeting = append(b.targeting, pair{r.words.keep(key), r.words.keep(val)})
	}
	slices.SortFunc(b.targeting, func(x, y pair) int { return cmp.Compare(x.key, y.key) })
	for _, p := range b.targeting {
		if p.value != "" {
			r.print.add("targeting."+p.key, p.value)
		}
	}
}

// joined is a targeting value as text, a list joined with "|".
func (r bidRecord) joined(raw any) string {
	items, list := raw.([]any)
	if !list {
		return r.cut(textOrTruth(raw))
	}
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = textOrTruth(item).text
	}
	return r.cut(value{text, strings.Join(parts, "|")})
}

// textOrTruth is a scalar whose booleans are words too.
func textOrTruth(raw any) value {
	v := avroValue(raw)
	if v.kind == boolean {
		v.kind = text
	}
	return v
}
