package jsonimp_test

import (
	"strings"
	"testing"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/codectest"
	"github.com/advertisex/adjoin/codecs/jsonimp"
)

func newDecoder() codecs.Decoder { return jsonimp.New(codecs.Config{}) }

func valid() [][]byte {
	return [][]byte{
		[]byte(typical),
		[]byte(`{"ad_creative_id":7,"user_id":null,"timestamp":"2025-11-23 10:00:00","website":"Example.com/a"}`),
		[]byte(`[{"crid":"a","ts":1700000000},{"crid":"b","ts":1700000000123}]`),
		[]byte("{\"crid\":\"a\",\"ts\":1700000000}\n{\"crid\":\"b\",\"ts\":1700000000123}\n"),
		[]byte(`{"creative":"\u00fc\ud83d\ude00","event_time":"1700000000.5","nested":{"a":[1,{"b":null}]},"price":"${AUCTION_PRICE}"}`),
	}
}

func hostile() [][]byte {
	members := strings.Repeat(`"a":1,`, 5000)
	return [][]byte{
		[]byte(`{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`),
		[]byte(`[` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `,{"crid":"a","ts":1}]`),
		[]byte(`{` + members + `"crid":"a","ts":1}`),
		[]byte(`{"crid":"` + strings.Repeat("x", 1<<20) + `","ts":1}`),
		[]byte(`{"crid":"a","ts":` + strings.Repeat("9", 1<<20) + `}`),
		[]byte(`{"crid":"a","ts":1,"price":1e999999999,"width":1e400}`),
		[]byte(`{"user_agent":"` + strings.Repeat(`\u0000`, 100_000) + `"}`),
		[]byte(strings.Repeat("{\n", 10_000)),
	}
}

func TestConformance(t *testing.T) {
	codectest.Run(t, codectest.Subject{New: newDecoder, Valid: valid(), Hostile: hostile()})
}
