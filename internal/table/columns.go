package table

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// Type is the type of a column, as a warehouse sees it.
type Type uint8

// The types.
const (
	Varchar   Type = iota
	BigInt         // 64-bit signed
	Integer        // 32-bit signed
	Double         // 64-bit IEEE 754
	Boolean        //
	Timestamp      // microseconds since 1970-01-01 UTC
	Date           // days since 1970-01-01
	Decimal        // see Precision and Scale
	Blob           // bytes
	TextMap        // MAP<VARCHAR, VARCHAR>
)

// Column describes one column of a table.
type Column struct {
	Name             string
	Type             Type
	Precision, Scale int   // of a Decimal
	Optional         bool  // may be NULL
	Key              bool  // part of the key (X1)
	Field            []int // index of the struct field, for reflect.Value.FieldByIndex
}

// KeyColumns are the columns that identify a row of a table across its
// versions, in sorting order (semantics X1, tables.md). Nil for an unknown
// name.
func KeyColumns(n Name) []string {
	switch n {
	case Bids:
		return []string{"route", "exchange", "auction_id", "imp_id", "bid_id"}
	case Wins, Impressions:
		return []string{"route", "impression_id"}
	case Clicks:
		return []string{"route", "click_id"}
	case Conversions:
		return []string{"route", "conversion_id"}
	case Attributions:
		return []string{"route", "conversion_id", "model", "touch_id"}
	case CampaignMinutes:
		return []string{
			"bucket_start", "campaign_id", "creative_id", "exchange",
			"country", "device_type", "currency",
		}
	case CampaignHours:
		return []string{"bucket_start", "campaign_id", "currency"}
	case CampaignDays:
		return []string{"day", "campaign_id", "currency"}
	case SiteDays:
		return []string{"day", "site_domain", "app_bundle", "campaign_id", "currency"}
	case PipelineMinutes:
		return []string{"bucket_start", "topic"}
	case RejectedEvents:
		return []string{"topic", "partition", "offset", "line"}
	}
	return nil
}

// Versions lists the columns that say when and in which version a row was
// written. They differ between two runs over the same input (K1) and are left
// out of comparisons.
func Versions() []string { return []string{"row_version", "emitted_at", "attribution_version"} }

// RowType is the struct of a table's rows. Nil for an unknown name.
func RowType(n Name) reflect.Type {
	switch n {
	case Bids:
		return reflect.TypeFor[Bid]()
	case Wins:
		return reflect.TypeFor[Win]()
	case Impressions:
		return reflect.TypeFor[Impression]()
	case Clicks:
		return reflect.TypeFor[Click]()
	case Conversions:
		return reflect.TypeFor[Conversion]()
	case Attributions:
		return reflect.TypeFor[Attribution]()
	case CampaignMinutes:
		return reflect.TypeFor[CampaignMinute]()
	case CampaignHours:
		return reflect.TypeFor[CampaignHour]()
	case CampaignDays:
		return reflect.TypeFor[CampaignDay]()
	case SiteDays:
		return reflect.TypeFor[SiteDay]()
	case PipelineMinutes:
		return reflect.TypeFor[PipelineMinute]()
	case RejectedEvents:
		return reflect.TypeFor[Rejected]()
	}
	return nil
}

// NameOf is the table whose rows are of type t; false when there is none.
func NameOf(t reflect.Type) (Name, bool) {
	for _, n := range Names() {
		if RowType(n) == t {
			return n, true
		}
	}
	return "", false
}

// Columns describes the columns of a table in order. It reads the struct tags
// of the row type, so that tags stay the only place where columns are stated.
// Nil for an unknown name.
func Columns(n Name) []Column {
	t := RowType(n)
	if t == nil {
		return nil
	}
	cols := appendColumns(nil, t, nil)
	keys := KeyColumns(n)
	for i := range cols {
		cols[i].Key = slices.Contains(keys, cols[i].Name)
	}
	return cols
}

func appendColumns(cols []Column, t reflect.Type, at []int) []Column {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		if f.Anonymous {
			cols = appendColumns(cols, f.Type, index)
			continue
		}
		cols = append(cols, columnOf(f, index))
	}
	return cols
}

func columnOf(f reflect.StructField, index []int) Column {
	parts := strings.Split(f.Tag.Get("parquet"), ",")
	c := Column{Name: parts[0], Type: typeOf(f.Type), Field: index}
	for _, option := range parts[1:] {
		switch {
		case option == "optional":
			c.Optional = true
		case option == "date":
			c.Type = Date
		case strings.HasPrefix(option, "decimal("):
			c.Type = Decimal
			c.Scale, c.Precision = decimalOf(option)
		}
	}
	return c
}

// decimalOf reads "decimal(scale:precision)".
func decimalOf(option string) (scale, precision int) {
	s, p, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(option, "decimal("), ")"), ":")
	scale, err1 := strconv.Atoi(s)
	precision, err2 := strconv.Atoi(p)
	if err1 != nil || err2 != nil {
		panic("table: the tag " + option + " is not decimal(scale:precision)")
	}
	return scale, precision
}

func typeOf(t reflect.Type) Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[event.Time]():
		return Timestamp
	case reflect.TypeFor[StringMap]():
		return TextMap
	case reflect.TypeFor[Decimal38]():
		return Decimal
	}
	switch t.Kind() {
	case reflect.String:
		return Varchar
	case reflect.Int64:
		return BigInt
	case reflect.Int32:
		return Integer
	case reflect.Float64:
		return Double
	case reflect.Bool:
		return Boolean
	case reflect.Slice:
		return Blob
	}
	panic(fmt.Sprintf("table: no column type for a field of type %v", t))
}

// FreeText lists the columns of rejected_events that are for people to read. A
// program that computes the tables another way may leave them out.
func FreeText() []string { return []string{"detail", "raw_bytes_truncated"} }
