package reference

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// EncodeCampaigns writes campaigns.json, one row a line, defaults spelt out,
// except windows.bid_join, whose default depends on the inventory: it is written
// only where web and app agree.
func EncodeCampaigns(rows []Campaign) ([]byte, error) {
	wire := make([]any, len(rows))
	for i := range rows {
		wire[i] = rowOf(&rows[i])
	}
	return encodeLines(wire)
}

// EncodeCreatives writes creatives.json, one row a line.
func EncodeCreatives(rows []Creative) ([]byte, error) {
	wire := make([]any, len(rows))
	for i, c := range rows {
		wire[i] = creativeRow{
			CreativeID: identifier(c.ID), CampaignID: identifier(c.CampaignID), LineItemID: identifier(c.LineItemID),
			AdFormat: c.AdFormat, W: c.Width, H: c.Height,
		}
	}
	return encodeLines(wire)
}

func encodeLines(rows []any) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("[")
	for i, row := range rows {
		if i > 0 {
			out.WriteByte(',')
		}
		line, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	out.WriteString("\n]\n")
	return out.Bytes(), nil
}

func rowOf(c *Campaign) campaignRow {
	row := campaignRow{
		CampaignID: identifier(c.ID), ValidFrom: formatInstant(c.ValidFrom),
		AdvertiserID: identifier(c.AdvertiserID), Name: c.Name, TZ: c.TimeZone, Currency: c.Currency,
		Pricing: c.Pricing.String(), RateMicros: formatMicros(c.RateMicros),
		FlightStart: formatInstant(c.FlightStart), FlightEnd: formatInstant(c.FlightEnd),
		BudgetMicros: formatMicros(c.BudgetMicros), DailyBudgetMicros: formatMicros(c.DailyBudgetMicros),
		Scope: c.Scope.String(), Model: c.Model.String(), PathSet: c.PathSet.String(),
		VTViewable: c.VTRequiresViewable, MaxClicks: &c.MaxClicksPerImpression,
		Windows: &windowsRow{
			ClickJoin:       FormatSpan(c.Windows.ClickJoin),
			ClickThrough:    FormatSpan(c.Windows.ClickThrough),
			ViewThrough:     FormatSpan(c.Windows.ViewThrough),
			ClickRefractory: FormatSpan(c.Windows.ClickRefractory),
		},
	}
	if c.Windows.BidJoinWeb == c.Windows.BidJoinApp {
		row.Windows.BidJoin = FormatSpan(c.Windows.BidJoinWeb)
	}
	for name, mode := range c.CountModes {
		if row.CountModes == nil {
			row.CountModes = make(map[string]string, len(c.CountModes))
		}
		row.CountModes[name] = mode.String()
	}
	return row
}

func formatMicros(v int64) json.Number {
	if v == 0 {
		return ""
	}
	return json.Number(strconv.FormatInt(v, 10))
}

func formatInstant(t event.Time) string {
	if t == event.MinTime || t == event.MaxTime {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
