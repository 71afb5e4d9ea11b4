//go:build cgo

package sqlcheck

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/twmb/avro"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/bench/gen"
	"github.com/advertisex/adjoin/internal/event"
)

// columnNames are the names and aliases of the columns of CSV records that the
// generator writes (events 1.4, 1.5): a first line of only these is a header.
const columnNames = `event_timestamp timestamp conversion_time user_id campaign_id ad_campaign_id creative_id ad_creative_id
click_id gclid impression_id exchange auction_id imp_id bid_id conversion_type event_type event_name website landing_url
user_agent ip country device_type os conversion_id event_id order_id transaction_id advertiser_id value currency quantity adjustment`

// loadCodes fills the lists of names and codes: countries by both their codes,
// currencies, column names.
func (c *check) loadCodes(ctx context.Context) error {
	var countries, currencies []string
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, a := range letters {
		for _, b := range letters {
			two := string([]rune{a, b})
			if alpha3 := event.Country(two); alpha3 != "" {
				countries = append(countries, fmt.Sprintf("('%s','%s'),('%[2]s','%[2]s')", two, alpha3))
			}
			for _, d := range letters {
				if code, ok := event.Currency(two + string(d)); ok {
					currencies = append(currencies, "('"+code+"')")
				}
			}
		}
	}
	names := strings.Fields(columnNames)
	return errors.Join(
		c.exec(ctx, "CREATE TABLE countries AS SELECT DISTINCT * FROM (VALUES "+strings.Join(countries, ",")+") t(code, alpha3)"),
		c.exec(ctx, "CREATE TABLE currencies AS SELECT * FROM (VALUES "+strings.Join(currencies, ",")+") t(code)"),
		c.exec(ctx, "SET VARIABLE column_names = ['"+strings.Join(names, "','")+"']"),
	)
}

// loadBids turns the bid requests that are data of the schema into JSON. The
// others are rejects of the engine, and of the case study's logs, whose
// impressions name no auction.
func (c *check) loadBids(ctx context.Context) (err error) {
	path, err := c.dumped("bid_requests")
	if path == "" || err != nil {
		return err
	}
	plain := strings.Replace(gen.Schema, `{"type":"long","logicalType":"timestamp-micros"}`, `"long"`, 1)
	schema, err := avro.Parse(plain)
	if err != nil {
		return fmt.Errorf("sqlcheck: %w", err)
	}
	in, err := dump.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return c.conn.Raw(func(raw any) error {
		conn, ok := raw.(driver.Conn)
		if !ok {
			return errors.New("sqlcheck: no connection of the driver")
		}
		out, err := duckdb.NewAppenderFromConn(conn, "", "bid_data")
		if err != nil {
			return fmt.Errorf("sqlcheck: %w", err)
		}
		return errors.Join(appendBids(in, schema, out), out.Close())
	})
}

func appendBids(in *dump.Reader, schema *avro.Schema, out *duckdb.Appender) error {
	seen := map[[2]int64]bool{}
	var r dump.Record
	for {
		err := in.Next(&r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at := [2]int64{int64(r.Partition), r.Offset}
		var datum any
		rest, err := schema.Decode(r.Value, &datum)
		if err != nil || len(rest) > 0 || seen[at] || !isText(datum) {
			continue
		}
		seen[at] = true
		text, err := json.Marshal(datum)
		if err != nil {
			return fmt.Errorf("sqlcheck: %w", err)
		}
		if err := out.AppendRow(r.Topic, r.Partition, r.Offset, r.TimestampMS*1000, string(text)); err != nil {
			return fmt.Errorf("sqlcheck: %w", err)
		}
	}
}

// isText reports whether every text in a datum is UTF-8.
func isText(datum any) bool {
	switch v := datum.(type) {
	case string:
		return utf8.ValidString(v)
	case []any:
		for _, x := range v {
			if !isText(x) {
				return false
			}
		}
	case map[string]any:
		for k, x := range v {
			if !utf8.ValidString(k) || !isText(x) {
				return false
			}
		}
	}
	return true
}
