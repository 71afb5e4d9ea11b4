package codecs

import (
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// MaxRawBytes is how much of a record a rejection shows.
const MaxRawBytes = 256

// Refusal builds the rejections of one decoder in memory it reuses.
type Refusal struct {
	event.Rejected
	raw [MaxRawBytes]byte
}

// Of is the rejection of line of rec, valid until the next call. raw is the
// part of the record it is about; the rejection shows its first MaxRawBytes,
// masked. EventTime and Campaign are left unknown.
func (r *Refusal) Of(rec *Record, line int32, intended event.Kind, reason event.Reason, field, detail string, raw []byte) *event.Rejected {
	r.Rejected = event.Rejected{
		Envelope: event.Envelope{
			Position:  rec.Position,
			Ingest:    rec.Time,
			EventTime: event.MinTime,
			Backfill:  rec.Backfill,
		},
		Reason:   reason,
		Field:    field,
		Detail:   detail,
		Raw:      AppendMasked(r.raw[:0], raw),
		Intended: intended,
	}
	r.Route = event.RouteRecord(rec.Position)
	r.Line = line
	return &r.Rejected
}

// AppendMasked appends the first MaxRawBytes of raw in a form that shows its
// shape and nothing personal: in every run of letters, digits and underscores
// that is not the name of a field or a JSON literal, letters become x and
// digits 9; bytes beyond ASCII become x and control characters a point. So ids,
// addresses and mail addresses cannot be read, while a missing cell, a stray
// quote or a wrong date format still can.
func AppendMasked(dst, raw []byte) []byte {
	start := len(dst)
	dst = append(dst, raw[:min(len(raw), MaxRawBytes)]...)
	shown := dst[start:]
	for i := 0; i < len(shown); {
		n := runLength(shown[i:])
		if n == 0 {
			shown[i] = maskByte(shown[i])
			i++
			continue
		}
		if run := shown[i : i+n]; !isFieldName(run) {
			for k, c := range run {
				run[k] = maskByte(c)
			}
		}
		i += n
	}
	return dst
}

// runLength counts the leading letters, digits, underscores and bytes beyond
// ASCII.
func runLength(b []byte) int {
	for i, c := range b {
		if c != '_' && c < 0x80 && !isLetter(c) && (c < '0' || c > '9') {
			return i
		}
	}
	return len(b)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func maskByte(c byte) byte {
	switch {
	case isLetter(c), c >= 0x80:
		return 'x'
	case c >= '0' && c <= '9':
		return '9'
	case c < 0x20 || c == 0x7f:
		return '.'
	}
	return c
}

// longestFieldName bounds what isFieldName lower-cases.
const longestFieldName = 24

func isFieldName(run []byte) bool {
	if len(run) > longestFieldName {
		return false
	}
	var low [longestFieldName]byte
	for i, c := range run {
		low[i] = c
		if c >= 'A' && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	return fieldNames[string(low[:len(run)])]
}

// fieldNames are the words a masked record keeps: the names of the wire's
// fields, their aliases, and JSON's literals.
var fieldNames = func() map[string]bool {
	names := make(map[string]bool)
	for name := range strings.FieldsSeq(fieldNameList) {
		names[name] = true
	}
	return names
}()

const fieldNameList = `true false null
impression_id imp_uid event_id id timestamp event_time event_timestamp ts user_id uid buyeruid cookie_id
creative_id ad_creative_id crid creative campaign_id ad_campaign_id cid website website_url site domain page url
app_bundle placement_id exchange line_item_id advertiser_id deal_id auction_id imp_id item_id bid_id
price price_cpm price_cpm_micros currency price_type quantity ad_format width height measurable viewable in_view_ms
user_agent ip device_type os browser country region utc_offset_min is_prefetch is_test gdpr consent gpp us_privacy
sent_at received_at click_time click_id gclid clid conversion_type event_type landing_url click_x click_y
conversion_time event_name conversion_id order_id transaction_id value value_micros adjustment`
