package table

import (
	"reflect"
	"slices"
	"testing"
)

func TestX1_KeyColumnsExistAndLeadTheRow(t *testing.T) {
	for _, n := range Names() {
		cols := Columns(n)
		keys := KeyColumns(n)
		if len(keys) == 0 || len(cols) == 0 {
			t.Fatalf("%s: no key or no columns", n)
		}
		for i, k := range keys {
			if cols[i].Name != k || !cols[i].Key {
				t.Errorf("%s: column %d is %q, want the key column %q first", n, i, cols[i].Name, k)
			}
			if cols[i].Optional {
				t.Errorf("%s: key column %q may be NULL", n, k)
			}
		}
	}
	if KeyColumns("nope") != nil || Columns("nope") != nil || RowType("nope") != nil {
		t.Error("an unknown table has columns")
	}
}

func TestColumnsReadTheTags(t *testing.T) {
	find := func(n Name, name string) Column {
		for _, c := range Columns(n) {
			if c.Name == name {
				return c
			}
		}
		t.Fatalf("%s has no column %s", n, name)
		return Column{}
	}
	for _, c := range []struct {
		table Name
		name  string
		want  Type
		opt   bool
	}{
		{Bids, "targeting", TextMap, false},
		{Bids, "sample_weight", Double, false},
		{Bids, "bid_cpm_micros", BigInt, true},
		{Bids, "loss_code", Integer, true},
		{Impressions, "event_time", Timestamp, false},
		{Impressions, "measurable", Boolean, true},
		{Impressions, "emitted_at", Timestamp, true},
		{CampaignDays, "day", Date, false},
		{RejectedEvents, "raw_bytes_truncated", Blob, true},
		{CampaignMinutes, "spend_nanos", Decimal, false},
	} {
		got := find(c.table, c.name)
		if got.Type != c.want || got.Optional != c.opt {
			t.Errorf("%s.%s is type %d optional %v, want %d %v", c.table, c.name, got.Type, got.Optional, c.want, c.opt)
		}
	}
	if c := find(CampaignMinutes, "requests"); c.Scale != 6 || c.Precision != 18 {
		t.Errorf("requests is DECIMAL(%d,%d), want (18,6)", c.Precision, c.Scale)
	}
	row := reflect.ValueOf(Impression{Meta: Meta{SrcOffset: 7}})
	if got := row.FieldByIndex(find(Impressions, "src_offset").Field).Int(); got != 7 {
		t.Errorf("the field index of an embedded column leads to %d, want 7", got)
	}
}

func TestColumnNamesAreUnique(t *testing.T) {
	for _, n := range Names() {
		var names []string
		for _, c := range Columns(n) {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s repeats a column name: %v", n, names)
		}
		if got, ok := NameOf(RowType(n)); !ok || got != n {
			t.Errorf("NameOf(RowType(%s)) is %q", n, got)
		}
	}
}
