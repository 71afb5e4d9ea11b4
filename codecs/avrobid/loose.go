package avrobid

import (
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
)

// loose reads a datum of any schema by its field names: those of Schema, with
// its defaults where a field is not there, and those of the legacy shapes.
type loose struct {
	f       *codecs.Fields
	record  map[string]any
	invalid bool // a string is not valid UTF-8
	crowded bool // a list has more elements than allowed
}

// value turns a decoded value into one that the rules for fields take.
func (l *loose) value(v any) codecs.Value {
	switch v := v.(type) {
	case string:
		l.invalid = l.invalid || !utf8.ValidString(v)
		return asText(v)
	case []byte:
		return l.value(string(v))
	case bool:
		return codecs.Value{Text: strconv.FormatBool(v), Form: codecs.Bool}
	case int32:
		return number(strconv.FormatInt(int64(v), 10))
	case int64:
		return number(strconv.FormatInt(v, 10))
	case float32:
		return number(strconv.FormatFloat(float64(v), 'f', -1, 32))
	case float64:
		return number(strconv.FormatFloat(v, 'f', -1, 64))
	case *big.Rat:
		return number(v.FloatString(decimalPlaces))
	case nil:
		return codecs.Value{}
	}
	return codecs.Value{Form: codecs.Nested}
}

// decimalPlaces is how many digits of an Avro decimal are kept: far more than
// micros have, so that rounding to them stays exact for any sane scale.
const decimalPlaces = 24

func number(text string) codecs.Value { return codecs.Value{Text: text, Form: codecs.Number} }

// text is a field of a record as text, otherwise where it is not there.
func (l *loose) text(r map[string]any, name, otherwise string) string {
	v, there := r[name]
	if !there {
		return otherwise
	}
	value := l.value(v)
	if value.Form == codecs.Bool {
		l.f.Unknown++
		return ""
	}
	return value.Text
}

// notAnID is what a floating-point number or a truth value becomes where an id
// is due: the rules for ids refuse it.
const notAnID = "\x00"

// id is like text, for ids.
func (l *loose) id(r map[string]any, name string) string {
	switch v := r[name].(type) {
	case nil, string, []byte, int32, int64:
		return l.value(v).Text
	}
	return notAnID
}

// whole is a whole number of 32 bits, otherwise where it is not there, is null
// or is none. One that is too large is the least, which no range includes.
func (l *loose) whole(r map[string]any, name string, otherwise int32) int32 {
	switch r[name].(type) {
	case float32, float64, *big.Rat:
		return otherwise
	}
	n, readable, ok := event.ParseInt(l.value(r[name]).Text, -1<<31, 1<<31-1)
	switch {
	case ok:
		return int32(n)
	case readable:
		return -1 << 31
	}
	return otherwise
}

func (l *loose) truth(r map[string]any, name string) bool {
	return l.f.Tri(l.value(r[name])) == event.True
}

// list is a field that is a list, cut to what is allowed.
func (l *loose) list(r map[string]any, name string) []any {
	list, _ := r[name].([]any)
	if len(list) > l.f.MaxFields {
		l.crowded = true
		return nil
	}
	return list
}

func (l *loose) texts(r map[string]any, name string) []string {
	var texts []string
	for _, v := range l.list(r, name) {
		texts = append(texts, l.value(v).Text)
	}
	return texts
}

// decodeLoose reads a datum of w into d.
func (d *draft) decodeLoose(w *writer, l *loose) {
	r := l.record
	d.AuctionID = l.id(r, "auction_id")
	d.Exchange = l.id(r, "exchange")
	d.stated.SourceTID = l.text(r, "source_tid", "")
	d.looseTime(w, l)
	d.AuctionType = l.whole(r, "auction_type", 2)
	d.TimeoutMS = l.whole(r, "tmax_ms", 0)
	d.Test = l.truth(r, "test")
	d.looseUser(l)
	d.SiteDomain = l.text(r, "site_domain", "")
	d.PageURL = l.text(r, "page_url", "")
	d.AppBundle = l.id(r, "app_bundle")
	d.Publisher = l.id(r, "publisher_id")
	d.SiteCategories = l.texts(r, "site_cat")
	d.looseImps(w, l)
	d.looseTargeting(l)
	d.looseOffers(l)
	d.NoBidReason = l.code(r, "no_bid_reason")
	d.SamplePermille = l.whole(r, "sample_permille", maxPermille)
}

// code is an optional code, -1 for none.
func (l *loose) code(r map[string]any, name string) int32 {
	if r[name] == nil {
		return -1
	}
	if n := l.whole(r, name, invalid); n >= 0 {
		return n
	}
	return invalid
}

// looseTime reads the event time in whatever way it is written.
func (d *draft) looseTime(w *writer, l *loose) {
	v := l.value(l.record["timestamp"])
	d.stated.Timestamp, d.EventTime, d.timed = v.Text, event.MinTime, false
	n, _, ok := event.ParseInt(v.Text, event.Absent+1, 1<<63-1)
	switch {
	case v.Text == "":
	case w.unit == micros && ok:
		d.setMicros(n)
	case w.unit == millis && ok:
		d.EventTime, d.timed = event.Time(n*1000), n >= firstMicro/1000 && n <= lastMicro/1000
	case w.unit == nanos && ok:
		d.EventTime, d.timed = event.Time(n/1000), true
	default:
		d.EventTime, d.timed = event.ParseTime(v.Text, l.f.Zone)
	}
}

// looseUser reads the user record, or its fields where the record is flat.
func (d *draft) looseUser(l *loose) {
	r, nested := l.record["user"].(map[string]any)
	if !nested {
		r = l.record
	}
	d.UserID = l.id(r, "user_id")
	d.stated.ExchangeUserID = l.id(r, "exchange_user_id")
	d.UserIDType = l.text(r, "user_id_type", "cookie")
	d.IFA = l.id(r, "ifa")
	d.LMT = l.truth(r, "lmt")
	d.DNT = l.truth(r, "dnt")
	d.IP = l.text(r, "ip", l.text(l.record, "ip_address", ""))
	d.UserAgent = l.text(r, "user_agent", "")
	d.Country = l.text(r, "country", "")
	d.Region = l.text(r, "region", "")
	d.City = l.text(r, "city", "")
	d.UTCOffset = l.whole(r, "utc_offset_min", 0)
	d.DeviceType = l.whole(r, "device_type", 0)
	d.OS = l.text(r, "os", "")
	d.Browser = l.text(r, "browser", "")
	d.stated.Language = l.text(r, "language", "")
	d.gdpr = event.Absent
	if r["gdpr"] != nil {
		d.gdpr = int64(l.whole(r, "gdpr", -1))
	}
	d.Consent = l.text(r, "consent", "")
	d.GPP = l.text(r, "gpp", "")
	d.USPrivacy = l.text(r, "us_privacy", "")
	d.COPPA = l.truth(r, "coppa")
}

// looseImps reads the imps; a schema without any has one, and its flat format
// and position are that one's.
func (d *draft) looseImps(w *writer, l *loose) {
	d.Imps = d.Imps[:0]
	if !w.imps {
		*d.nextImp() = event.Imp{
			AdFormat: l.text(l.record, "format", "banner"),
			Position: l.whole(l.record, "position", 0),
		}
		return
	}
	for _, v := range l.list(l.record, "imps") {
		r, _ := v.(map[string]any)
		*d.nextImp() = event.Imp{
			ID:            l.id(r, "imp_id"),
			PlacementID:   l.id(r, "placement_id"),
			AdFormat:      l.text(r, "ad_format", "banner"),
			Width:         l.whole(r, "w", 0),
			Height:        l.whole(r, "h", 0),
			Position:      l.whole(r, "position", 0),
			FloorMicros:   l.amount(r, "bidfloor_cpm_micros", 0),
			FloorCurrency: l.text(r, "bidfloor_currency", "USD"),
			Interstitial:  l.truth(r, "interstitial"),
			Rewarded:      l.truth(r, "rewarded"),
			ExpirySeconds: l.whole(r, "exp_s", 0),
			DealIDs:       l.texts(r, "deal_ids"),
		}
	}
}

// amount is a number of micros, out of range where it cannot be read.
func (l *loose) amount(r map[string]any, name string, otherwise int64) int64 {
	v := r[name]
	if v == nil {
		return otherwise
	}
	n, _, ok := event.ParseInt(l.value(v).Text, 0, event.MaxPriceMicros)
	if !ok {
		return invalid
	}
	return n
}

// looseTargeting reads the criteria: a map under one of its three names, and
// the flat columns of the case study.
func (d *draft) looseTargeting(l *loose) {
	d.Targeting = d.Targeting[:0]
	for _, name := range [...]string{"targeting", "targeting_criteria", "ad_targeting"} {
		criteria, there := l.record[name].(map[string]any)
		if !there {
			continue
		}
		if len(criteria) > l.f.MaxFields {
			l.crowded = true
			return
		}
		for key, v := range criteria {
			l.invalid = l.invalid || !utf8.ValidString(key)
			d.Targeting = append(d.Targeting, event.Pair{Key: key, Value: l.joined(v)})
		}
		break
	}
	for _, name := range [...]string{"age", "gender", "device", "location"} {
		v, there := l.record[name]
		if !there || v == nil || slices.ContainsFunc(d.Targeting, func(p event.Pair) bool { return p.Key == name }) {
			continue
		}
		d.Targeting = append(d.Targeting, event.Pair{Key: name, Value: l.joined(v)})
	}
}

// joined is a criterion's value; of a list its elements joined with "|".
func (l *loose) joined(v any) string {
	list, is := v.([]any)
	if !is {
		return l.value(v).Text
	}
	text := ""
	for i, v := range list {
		if i > 0 {
			text += "|"
		}
		text += l.value(v).Text
	}
	return text
}

// looseOffers reads the bids. A legacy bid_amount above 0 is one bid on the
// first imp.
func (d *draft) looseOffers(l *loose) {
	d.Offers, d.legacyOffer = d.Offers[:0], false
	for _, v := range l.list(l.record, "bids") {
		r, _ := v.(map[string]any)
		d.Offers = append(d.Offers, event.Offer{
			BidID:       l.id(r, "bid_id"),
			ResponseID:  l.id(r, "bidid"),
			ImpID:       l.id(r, "imp_id"),
			CampaignID:  l.id(r, "campaign_id"),
			LineItemID:  l.id(r, "line_item_id"),
			CreativeID:  l.id(r, "creative_id"),
			Advertiser:  l.id(r, "advertiser_id"),
			PriceMicros: l.amount(r, "price_cpm_micros", 0),
			Currency:    l.text(r, "currency", "USD"),
			DealID:      l.id(r, "deal_id"),
			LossCode:    l.code(r, "loss_code"),
			MinToWin:    l.amount(r, "min_to_win_cpm_micros", event.Absent),
		})
	}
	paid, there := l.record["bid_amount"]
	if !there || paid == nil {
		return
	}
	price, ok := event.ParseMicros(l.exact(paid), event.MaxPriceMicros)
	if !ok || price < 0 {
		l.f.Fail(event.BadMoney, "bid_amount", "not a number from 0 to a million")
		return
	}
	if price > 0 && len(d.Offers) == 0 {
		d.legacyOffer = true
		d.Offers = append(d.Offers, event.Offer{
			CampaignID: l.id(l.record, "campaign_id"), CreativeID: l.id(l.record, "creative_id"),
			PriceMicros: price, LossCode: -1, MinToWin: event.Absent,
		})
	}
}

// exactDigits is how many decimals of a binary fraction decide how a CPM rounds
// to micros.
const exactDigits = 60

// exact is a number's own value in decimal text, not the shortest text that
// reads as the same float: money rounds once.
func (l *loose) exact(v any) string {
	switch v := v.(type) {
	case float32:
		return strconv.FormatFloat(float64(v), 'f', exactDigits, 64)
	case float64:
		return strconv.FormatFloat(v, 'f', exactDigits, 64)
	}
	return l.value(v).Text
}
