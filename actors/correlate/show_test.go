package correlate

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/advertisex/adjoin/internal/event"
)

// show writes a row as " column=value ..." with a space at the end; columns
// that are NULL, zero or versions are left out.
func show(row any) string {
	var b strings.Builder
	b.WriteByte(' ')
	showStruct(&b, reflect.ValueOf(row))
	return b.String()
}

func showStruct(b *strings.Builder, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			showStruct(b, v.Field(i))
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		switch name {
		case "row_version", "emitted_at", "attribution_version", "op", "route":
			continue
		}
		showValue(b, name, v.Field(i))
	}
}

func showValue(b *strings.Builder, name string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		fmt.Fprintf(b, "%s=%v ", name, v.Elem().Interface())
		return
	}
	if v.IsZero() && v.Kind() != reflect.Bool {
		return
	}
	if t, ok := v.Interface().(event.Time); ok {
		fmt.Fprintf(b, "%s=%s ", name, t.UTC().Format("2006-01-02T15:04:05.000000"))
		return
	}
	fmt.Fprintf(b, "%s=%v ", name, v.Interface())
}
