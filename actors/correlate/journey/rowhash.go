package journey

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"

	"github.com/advertisex/adjoin/actors/correlate/fact"
	"github.com/advertisex/adjoin/internal/table"
)

// A row is written again only when it says something new. What it says is
// remembered as a hash of its columns, its version and times of emission left
// out; 64 bits of it never collide within one key's few versions.

// rowHash builds the text of a row.
type rowHash struct{ b []byte }

func (h *rowHash) start()         { h.b = h.b[:0] }
func (h *rowHash) sum() uint64    { return max(xxh3.Hash(h.b), 1) }
func (h *rowHash) number(v int64) { h.b = binary.LittleEndian.AppendUint64(h.b, uint64(v)) }
func (h *rowHash) bool(v bool)    { h.b = append(h.b, byte(fact.Bit(v))) }

func (h *rowHash) texts(list ...string) {
	for _, s := range list {
		h.b = fact.AppendText(h.b, s)
	}
}

func (h *rowHash) optional(v *int64) {
	if v == nil {
		h.number(math.MinInt64)
		return
	}
	h.number(*v)
}

func (h *rowHash) meta(m *table.Meta) {
	h.number(int64(m.IngestTime))
	h.number(int64(m.SrcPartition))
	h.number(m.SrcOffset)
	h.texts(m.Op, m.Flags)
}

func hashClick(h *rowHash, r *table.Click) uint64 {
	h.start()
	h.number(int64(r.EventTime))
	h.texts(r.ClickID, r.UserKey, r.CampaignID, r.DeclaredCampaignID, r.CreativeID, r.ImpressionID, r.MatchStatus,
		r.MatchMethod, r.OrphanReason, r.IVTClass, r.IVTCodes, r.Currency, r.LineItemID, r.AdvertiserID,
		r.SiteDomain, r.AppBundle, r.PlacementID, r.Exchange, r.AdFormat, r.OS, r.Country, r.LandingHost)
	h.optional(r.ImpToClickMS)
	h.bool(r.Valid)
	h.number(r.CostNanos)
	h.number(int64(r.DeviceType))
	h.bool(r.Late)
	h.meta(&r.Meta)
	return h.sum()
}

func hashConversion(h *rowHash, r *table.Conversion) uint64 {
	h.start()
	h.number(int64(r.EventTime))
	h.texts(r.ConversionID, r.UserKey, r.ConversionType, r.OrderID, r.Currency, r.DeclaredCampaignID, r.AdvertiserID,
		r.ClickID, r.ImpressionID, r.AdjustmentState, r.CountReason, r.TouchKind, r.LastTouchCampaignID, r.IVTCodes)
	h.number(r.ValueMicros)
	h.number(r.OriginalValueMicros)
	h.number(int64(r.Quantity))
	h.number(int64(r.PathLen))
	h.bool(r.Counted)
	h.bool(r.PathTruncated)
	h.bool(r.Valid)
	h.bool(r.Late)
	h.optional(r.ClickToConvS)
	h.meta(&r.Meta)
	return h.sum()
}

// hashCredits hashes a whole credit set: X2 writes it again as one.
func hashCredits(h *rowHash, rows []table.Attribution) uint64 {
	h.start()
	for i := range rows {
		r := &rows[i]
		h.number(int64(r.TouchTime))
		h.texts(r.ConversionID, r.Model, r.TouchID, r.TouchKind, r.CampaignID, r.CreativeID, r.LineItemID, r.SiteDomain,
			r.Exchange, r.Currency, r.ConversionType, r.MatchMethod, r.Reason, r.WindowRule)
		for _, v := range [...]int64{
			int64(r.Position), int64(r.PathLen), int64(r.CreditPPM), r.CreditedValueMicros, int64(r.ConversionTime),
		} {
			h.number(v)
		}
		for _, v := range [...]bool{r.IsLast, r.IsFirst, r.IsAssist, r.Counted} {
			h.bool(v)
		}
		h.meta(&r.Meta)
	}
	return h.sum()
}
