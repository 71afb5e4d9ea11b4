package law

import (
	"strconv"
	"sync"

	"github.com/twmb/avro"

	"github.com/advertisex/adjoin/internal/event"
)

// bidWriter is the schema of a producer that writes what a history needs and
// leaves the rest to the defaults of the reader (events 1.6).
var bidWriter = sync.OnceValue(func() *avro.Schema { return avro.MustParse(bidWriterJSON) })

const bidWriterJSON = `{"type":"record","name":"BidRequest","namespace":"advertisex.v1","fields":[
{"name":"auction_id","type":"string"},{"name":"exchange","type":"string"},
{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-micros"}},
{"name":"user","type":{"type":"record","name":"UserInfo","fields":[{"name":"user_id","type":"string"}]}},
{"name":"imps","type":{"type":"array","items":{"type":"record","name":"Imp","fields":[
  {"name":"imp_id","type":"string"},{"name":"exp_s","type":"int"}]}}},
{"name":"bids","type":{"type":"array","items":{"type":"record","name":"Bid","fields":[
  {"name":"bid_id","type":"string"},{"name":"imp_id","type":"string"},{"name":"campaign_id","type":"string"},
  {"name":"creative_id","type":"string"},{"name":"price_cpm_micros","type":"long"}]}}}]}`

func (w *writer) bid(t event.Time) []byte {
	r := w.rng
	expiry := 0
	if w.one(3) {
		expiry = 100
	}
	offers := []any{}
	for k := range r.IntN(3) {
		offers = append(offers, map[string]any{
			"bid_id": "b" + strconv.Itoa(k), "imp_id": "1", "campaign_id": pick(r, campaigns), "creative_id": pick(r, creatives),
			"price_cpm_micros": r.Int64N(3),
		})
	}
	b, err := bidWriter().AppendEncode(nil, map[string]any{
		"auction_id": w.auctionID(t), "exchange": "ex", "timestamp": int64(t), "user": map[string]any{"user_id": w.user()},
		"imps": []any{map[string]any{"imp_id": "1", "exp_s": expiry}}, "bids": offers,
	})
	if err != nil {
		panic(err)
	}
	return b
}
