package e2e

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
)

// equalsReplay compares the warehouse with an undisturbed replay of the same
// topics, table by table, every column but those that say when and in which
// version a row was written.
func (d *deployment) equalsReplay(t *testing.T) {
	t.Helper()
	d.run(t, "dump", "--out", d.path("dump")).ok(t, 0)
	d.run(t, "replay", "--input", d.path("dump"), "--out", d.path("replay")).ok(t, 0)
	var counts []string
	for _, n := range table.Names() {
		mine, theirs := d.sides(n)
		counts = append(counts, fmt.Sprintf(`select '%s' as name, (select count(*) from (%[2]s)) have, (select count(*) from (%[3]s)) want,
  (select count(*) from (%[2]s except all %[3]s)) extra, (select count(*) from (%[3]s except all %[2]s)) missing`, n, mine, theirs))
	}
	for _, row := range d.query(t, strings.Join(counts, "\nunion all ")) {
		t.Logf("%-20v %v rows", row["name"], row["want"])
		if fmt.Sprintf("%v %v", row["extra"], row["missing"]) == "0 0" {
			continue
		}
		mine, theirs := d.sides(table.Name(fmt.Sprint(row["name"])))
		t.Errorf("%v: %v rows, the replay has %v; %v only here, %v only there\nonly here:\n%s\nonly there:\n%s",
			row["name"], row["have"], row["want"], row["extra"], row["missing"],
			d.run(t, "query", "-o", "ndjson", mine+" except all "+theirs+" order by all limit 3").stdout,
			d.run(t, "query", "-o", "ndjson", theirs+" except all "+mine+" order by all limit 3").stdout)
	}
	d.nothingTwice(t)
	d.absentIsNull(t)
}

// sides are the queries for a table's rows in the warehouse and in the replay.
func (d *deployment) sides(n table.Name) (mine, theirs string) {
	var a, b []string
	for _, c := range table.Columns(n) {
		if slices.Contains(table.Versions(), c.Name) {
			continue
		}
		name := `"` + c.Name + `"`
		a, b = append(a, blank(n, c, name)), append(b, blank(n, c, theirValue(c, name)))
	}
	return fmt.Sprintf("(select %s from %s_current)", strings.Join(a, ", "), n),
		fmt.Sprintf("(select %s from read_parquet('%s/%s/*.parquet'))", strings.Join(b, ", "), d.path("replay"), n)
}

// theirValue reads a Parquet instant as the warehouse stores it.
func theirValue(c table.Column, name string) string {
	if c.Type == table.Timestamp {
		return "make_timestamp(epoch_us(" + name + "))"
	}
	return name
}

// blank makes a value that stands for an absent one NULL: absentIsNull is about
// that difference.
func blank(n table.Name, c table.Column, value string) string {
	if zero := absent(n, c); zero != "" {
		value = "nullif(" + value + ", " + zero + ")"
	}
	return value + ` as "` + c.Name + `"`
}

// absent is the value that a column never has, because the tables say NULL
// instead; "" where every value is one.
func absent(n table.Name, c table.Column) string {
	if !c.Optional || table.RowType(n).FieldByIndex(c.Field).Type.Kind() == reflect.Pointer {
		return ""
	}
	switch c.Type {
	case table.Varchar:
		return "''"
	case table.Blob:
		return "''::blob"
	case table.BigInt, table.Integer:
		return "0"
	case table.Timestamp:
		return "timestamp '1970-01-01'"
	}
	return ""
}

// nothingTwice checks that no row was loaded twice: a key has each version once,
// and the ledger of loads accounts for every row.
func (d *deployment) nothingTwice(t *testing.T) {
	t.Helper()
	var twice, total []string
	for _, n := range table.Names() {
		var keys []string
		for _, k := range table.KeyColumns(n) {
			keys = append(keys, `"`+k+`"`)
		}
		twice = append(twice, fmt.Sprintf("select '%s' as name, count(*) n from (select 1 from %[1]s group by %s, row_version having count(*) > 1)", n, strings.Join(keys, ", ")))
		total = append(total, fmt.Sprintf("(select count(*) from %s)", n))
	}
	for _, row := range d.query(t, strings.Join(twice, "\nunion all ")) {
		if fmt.Sprint(row["n"]) != "0" {
			t.Errorf("%v: %v keys have the same version twice", row["name"], row["n"])
		}
	}
	same(t, "rows by the ledger of loads, less rows in tables",
		d.table(t, "select sum(rows) - ("+strings.Join(total, " + ")+") from adjoin_loads"), "0")
}

// absentIsNull checks that what is absent is NULL, as the tables promise, and
// not an empty text or a zero now and then.
func (d *deployment) absentIsNull(t *testing.T) {
	t.Helper()
	var counts []string
	for _, n := range table.Names() {
		for _, c := range table.Columns(n) {
			if zero := absent(n, c); zero != "" {
				counts = append(counts, fmt.Sprintf(`select '%s.%s' as name, count(*) n from %[1]s where "%[2]s" = %s`, n, c.Name, zero))
			}
		}
	}
	var found []string
	for _, row := range d.query(t, strings.Join(counts, "\nunion all ")) {
		if fmt.Sprint(row["n"]) != "0" {
			found = append(found, fmt.Sprintf("%v in %v rows", row["name"], row["n"]))
		}
	}
	if len(found) > 0 {
		t.Errorf("what is absent is a value instead of NULL: %s", strings.Join(found, ", "))
	}
}
