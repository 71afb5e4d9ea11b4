package law

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/advertisex/adjoin/internal/table"
)

// tables are the final rows of a run: one for each key, deleted keys gone, what
// says when and in which version it was written cleared.
type tables map[table.Name]map[string]reflect.Value

// collector is the sink of one run. Versions of one key come in order.
type collector struct{ tables }

func (c collector) WriteBids(rows []table.Bid) error { return collect(c, table.Bids, rows) }
func (c collector) WriteWins(rows []table.Win) error { return collect(c, table.Wins, rows) }
func (c collector) WriteImpressions(rows []table.Impression) error {
	return collect(c, table.Impressions, rows)
}
func (c collector) WriteClicks(rows []table.Click) error { return collect(c, table.Clicks, rows) }
func (c collector) WriteConversions(rows []table.Conversion) error {
	return collect(c, table.Conversions, rows)
}
func (c collector) WriteAttributions(rows []table.Attribution) error {
	return collect(c, table.Attributions, rows)
}
func (c collector) WriteCampaignMinutes(rows []table.CampaignMinute) error {
	return collect(c, table.CampaignMinutes, rows)
}

func (c collector) WriteCampaignDays(rows []table.CampaignDay) error {
	return collect(c, table.CampaignDays, rows)
}
func (c collector) WriteCampaignHours(rows []table.CampaignHour) error {
	return collect(c, table.CampaignHours, rows)
}
func (c collector) WriteSiteDays(rows []table.SiteDay) error { return collect(c, table.SiteDays, rows) }
func (c collector) WritePipelineMinutes(rows []table.PipelineMinute) error {
	return collect(c, table.PipelineMinutes, rows)
}
func (c collector) WriteRejected(rows []table.Rejected) error {
	return collect(c, table.RejectedEvents, rows)
}

func collect[T any](c collector, name table.Name, rows []T) error {
	layout := layouts()[name]
	into := c.tables[name]
	if into == nil {
		into = map[string]reflect.Value{}
		c.tables[name] = into
	}
	for i := range rows {
		row := reflect.New(reflect.TypeFor[T]()).Elem()
		row.Set(reflect.ValueOf(&rows[i]).Elem())
		key := layout.key(row)
		if row.FieldByIndex(layout.op).String() == table.Delete {
			delete(into, key)
			continue
		}
		for _, field := range layout.versions {
			row.FieldByIndex(field).SetZero()
		}
		into[key] = row
	}
	return nil
}

// layout is where a table's key, its version columns and its op lie.
type layout struct {
	keys, versions [][]int
	op             []int
}

var layouts = sync.OnceValue(func() map[table.Name]layout {
	out := map[table.Name]layout{}
	for _, name := range table.Names() {
		var l layout
		for _, c := range table.Columns(name) {
			if c.Name == "op" {
				l.op = c.Field
			}
			if c.Key {
				l.keys = append(l.keys, c.Field)
			}
			if slices.Contains(table.Versions(), c.Name) || slices.Contains(table.FreeText(), c.Name) {
				l.versions = append(l.versions, c.Field)
			}
		}
		out[name] = l
	}
	return out
})

func (l layout) key(row reflect.Value) string {
	var b []byte
	for _, field := range l.keys {
		switch v := row.FieldByIndex(field); v.Kind() {
		case reflect.String:
			b = append(append(b, v.String()...), 0)
		case reflect.Uint8, reflect.Uint32, reflect.Uint64:
			b = binary.BigEndian.AppendUint64(b, v.Uint())
		default:
			b = binary.BigEndian.AppendUint64(b, uint64(v.Int()))
		}
	}
	return string(b)
}

// difference is what two runs disagree on, "" for nothing.
func difference(want, got tables) string {
	var b strings.Builder
	for _, name := range table.Names() {
		for _, key := range keysOf(want[name], got[name]) {
			a, inWant := want[name][key]
			z, inGot := got[name][key]
			switch {
			case !inGot:
				fmt.Fprintf(&b, "%s: only expected: %+v\n", name, a.Interface())
			case !inWant:
				fmt.Fprintf(&b, "%s: not expected: %+v\n", name, z.Interface())
			case !reflect.DeepEqual(a.Interface(), z.Interface()):
				fmt.Fprintf(&b, "%s: %s", name, columns(name, a, z))
			}
		}
	}
	return b.String()
}

func keysOf(a, b map[string]reflect.Value) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, cmp.Compare)
	return keys
}

// columns shows a key and the columns that differ.
func columns(name table.Name, want, got reflect.Value) string {
	var b bytes.Buffer
	for _, c := range table.Columns(name) {
		w, g := want.FieldByIndex(c.Field).Interface(), got.FieldByIndex(c.Field).Interface()
		switch {
		case !reflect.DeepEqual(w, g):
			fmt.Fprintf(&b, " [%s: expected %v, got %v]", c.Name, show(w), show(g))
		case c.Key:
			fmt.Fprintf(&b, " %s=%v", c.Name, show(w))
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// show prints what a pointer points to.
func show(v any) any {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && !r.IsNil() {
		return r.Elem().Interface()
	}
	return v
}
