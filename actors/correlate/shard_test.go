package correlate

import (
	"testing"

	"github.com/advertisex/adjoin/internal/event"
)

// chain is the events of S1: bid, impression, click, purchase.
func chain(f *feed) []any {
	return []any{
		f.bid("auc1", "u1", at("09:59:58"), func(e *event.Bid) {
			e.Exchange = "ex"
			e.Offers = []event.Offer{offerOf("b1", 2_500_000)}
		}),
		f.impression("i1", "u1", at("10:00:00"), func(e *event.Impression) {
			e.Exchange, e.AuctionID, e.ImpID, e.BidID = "ex", "auc1", "1", "b1"
			e.PriceMicros = 2_100_000
		}),
		f.click("c1", "u1", at("10:00:09"), func(e *event.Click) { e.ImpressionID = "i1" }),
		f.conversion("v1", "u1", at("10:20:00"), func(e *event.Conversion) {
			e.ClickID, e.ValueMicros = "c1", 40_000_000
		}),
	}
}

func TestS1_FullChain(t *testing.T) {
	w := newWorld(t)
	for _, e := range chain(&feed{}) {
		w.apply(e)
	}
	w.advance(at("11:00:00"))
	w.end()
	w.wants("wins", "i1", "match_method=AUCTION", "bid_to_imp_ms=2000", "bid_cpm_micros=2500000", "clearing_cpm_micros=2100000", "billable=true")
	w.wants("clicks", "c1", "match_method=ID", "imp_to_click_ms=9000", "impression_id=i1", "valid=true")
	w.wants("conversions", "v1", "counted=true", "touch_kind=CLICK", "click_to_conv_s=1191", "path_len=1")
	for _, m := range []string{"last_touch", "first_touch", "linear", "time_decay", "position_based"} {
		w.wants("attributions", "v1/"+m+"/c1", "credit_ppm=1000000", "credited_value_micros=40000000", "match_method=CLICK_ID", "window_rule=click_through=30d")
	}
	if n := w.sum(event.ConvCT); n != 1 {
		t.Errorf("conv_ct %d", n)
	}
	if n := w.sum(event.ValueCT); n != 40_000_000 {
		t.Errorf("revenue %d", n)
	}
	if n := w.spend(); n != event.Int128Of(2_100_000) {
		t.Errorf("spend %v nanos", n)
	}
}
