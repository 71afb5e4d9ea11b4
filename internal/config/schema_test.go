package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

// TestReferencePageIsCurrent: docs/configuration.md is what the table says.
func TestReferencePageIsCurrent(t *testing.T) {
	const page = "../../docs/configuration.md"
	want := ReferencePage()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/configuration.md is out of date; run: make docs")
	}
}

// TestExampleIsValid: the example of the documentation passes config check
// without an error, and its keys are all known to the schema.
func TestExampleIsValid(t *testing.T) {
	const file = "../../docs/examples/adjoin.yaml"
	_, err := Load(Source{Files: []string{file}, Need: NodeNeeds(), SkipFiles: true})
	if err != nil {
		t.Errorf("the example is not valid:\n%v", err)
	}
	if errs := validateFile(t, file); len(errs) > 0 {
		t.Errorf("the schema refuses the example: %v", errs)
	}
}

// TestTable: every row is complete and its default passes its own rules.
func TestTable(t *testing.T) {
	for _, f := range Fields() {
		switch {
		case f.Doc == "" || !strings.HasSuffix(f.Doc, "."):
			t.Errorf("%s: the paragraph %q is not a sentence", f.Path, f.Doc)
		case f.Type() == "integer" || f.Type() == "size" || f.Type() == "duration":
			if f.Min == "" || f.Max == "" {
				t.Errorf("%s has no range", f.Path)
			}
		}
		parent, _ := splitPath(f.Path)
		if parent != "" && parent != "load[]" && !newTable().isSection(parent) {
			t.Errorf("%s lies in no section", f.Path)
		}
		items := []string{f.Default}
		if f.isList() {
			items = strings.Split(f.Default, ",")
		}
		for _, item := range items {
			if item == "" {
				continue
			}
			if err := validate(f, item); err != nil {
				t.Errorf("default of %s: %v", f.Path, err)
			}
		}
		c := Config{Load: make([]LoadTarget, 1)}
		ptr := f.bind(&c, 0)
		if f.Default != "" {
			if err := assign(ptr, items); err != nil {
				t.Errorf("default of %s: %v", f.Path, err)
			}
			if err := bounds(f, ptr, f.Default); err != nil {
				t.Errorf("default of %s: %v", f.Path, err)
			}
			if got := strings.ReplaceAll(text(f, &c, 0), ", ", ","); got != f.Default {
				t.Errorf("default of %s is written %q and shown %q; write it as it is shown", f.Path, f.Default, got)
			}
		}
	}
}

// TestTableCoversTheStruct: every field of Config has a row, and no two rows
// share one.
func TestTableCoversTheStruct(t *testing.T) {
	c := Config{Load: make([]LoadTarget, 1)}
	rows := map[any]string{}
	for _, f := range Fields() {
		ptr := f.bind(&c, 0)
		if other, taken := rows[ptr]; taken {
			t.Errorf("%s and %s fill the same field", f.Path, other)
		}
		rows[ptr] = f.Path
	}
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		if _, ok := rows[v.Addr().Interface()]; ok {
			return
		}
		if v.Kind() != reflect.Struct {
			t.Errorf("Config%s has no row in the table", path)
			return
		}
		for i := range v.NumField() {
			walk(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	}
	walk(reflect.ValueOf(&c).Elem(), "")
	walk(reflect.ValueOf(&c.Load[0]).Elem(), ".Load[]")
}

// TestExplain: every field and section explains itself; an alias explains its
// field; a typo gets a suggestion.
func TestExplain(t *testing.T) {
	for _, key := range Keys() {
		text, err := Explain(key)
		if err != nil || !strings.HasPrefix(text, key+"\n") {
			t.Errorf("Explain(%q) = %q, %v", key, text, err)
		}
	}
	for _, s := range Sections() {
		if _, err := Explain(s.Path); err != nil {
			t.Error(err)
		}
	}
	text, err := Explain("correlate.windows.impression_to_click")
	if err != nil || !strings.HasPrefix(text, "correlate.windows.click_join\n") {
		t.Errorf("the alias explains %q, %v", text, err)
	}
	if _, err := Explain("kafka.strat"); err == nil || !strings.Contains(err.Error(), `"start"`) {
		t.Errorf("Explain of a typo: %v", err)
	}
}

// TestExplainText pins the form of one entry.
func TestExplainText(t *testing.T) {
	want := `correlate.windows.click_join

From an impression to a click on it. It bounds joins by id as well as joins by
user.

  type         duration
  written as   a number with ms, s, m, h or d: 250ms, 30s, 15m, 24h, 7d
  default      24h
  range        1s to 30d
  also called  impression_to_click
  environment  ADJOIN_CORRELATE__WINDOWS__CLICK_JOIN
`
	if got, err := Explain("correlate.windows.click_join"); err != nil || got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestSchema checks the schema with a validator for the parts of JSON Schema
// that it uses: it takes the defaults and the example, and refuses every file
// of the typo corpus whose mistake is a key, a type, a unit or a word.
func TestSchema(t *testing.T) {
	refused := map[string]bool{
		"unknown-key": true, "wrong-type": true, "no-unit": true, "not-a-duration": true, "not-a-size": true,
		"not-one-of": true, "not-a-boolean": true, "not-an-integer": true, "item-twice": true,
	}
	// What a schema cannot say, or that Load decides for another reason.
	beyond := []string{"merge key", "event time finer than a microsecond", "units in the wrong order", "scalar for a list", "a topic twice in a list"}
	for _, c := range corpus() {
		if !refused[c.rule] || slices.Contains(beyond, c.name) {
			continue
		}
		file := filepath.Join(t.TempDir(), "a.yaml")
		write(t, file, strings.ReplaceAll(c.text, "«»", ""))
		if errs := validateFile(t, file); len(errs) == 0 {
			t.Errorf("%s: the schema accepts\n%s", c.name, c.text)
		}
	}
	t.Chdir(t.TempDir())
	write(t, "default.yaml", mustLoad(t, Source{Set: []string{"load=[{target: duckdb}]"}}).YAML(false, false))
	if errs := validateFile(t, "default.yaml"); len(errs) > 0 {
		t.Errorf("the schema refuses the defaults: %v", errs)
	}
}

func validateFile(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	return violations(schema, value, "")
}

// violations is a small JSON Schema validator. A keyword that it does not know
// is a violation too, so that the schema cannot outgrow it silently.
func violations(schema map[string]any, value any, path string) []string {
	var found []string
	bad := func(format string, args ...any) {
		found = append(found, path+": "+fmt.Sprintf(format, args...))
	}
	for keyword, want := range schema {
		switch keyword {
		case "$schema", "$id", "title", "description", "default":
		case "type":
			if !hasType(value, want) {
				bad("%v is not of type %v", value, want)
			}
		case "enum":
			if s, ok := value.(string); !ok || !slices.Contains(want.([]any), any(s)) {
				bad("%v is not one of %v", value, want)
			}
		case "pattern":
			if s, ok := value.(string); ok && !regexp.MustCompile(want.(string)).MatchString(s) {
				bad("%q does not match %s", s, want)
			}
		case "minimum", "maximum":
			n, ok := value.(int)
			if limit := want.(float64); ok && (keyword == "minimum") == (float64(n) < limit) && float64(n) != limit {
				bad("%d is beyond the %s", n, keyword)
			}
		case "anyOf":
			if !slices.ContainsFunc(want.([]any), func(s any) bool { return len(violations(s.(map[string]any), value, path)) == 0 }) {
				bad("%v fits no alternative", value)
			}
		case "items":
			list, _ := value.([]any)
			for i, item := range list {
				found = append(found, violations(want.(map[string]any), item, fmt.Sprintf("%s[%d]", path, i))...)
			}
		case "uniqueItems", "required":
			// Covered by Load, too easy to be wrong.
		case "additionalProperties", "properties":
			found = append(found, properties(schema, value, path, keyword)...)
		default:
			bad("unknown keyword %s", keyword)
		}
	}
	return found
}

func properties(schema map[string]any, value any, path, keyword string) []string {
	var found []string
	known := schema["properties"].(map[string]any)
	object, _ := value.(map[string]any)
	for key, v := range object {
		sub, ok := known[key].(map[string]any)
		switch {
		case keyword == "properties" && ok:
			found = append(found, violations(sub, v, path+"."+key)...)
		case keyword == "additionalProperties" && !ok:
			found = append(found, path+"."+key+": unknown")
		}
	}
	return found
}

func hasType(value, want any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(one any) bool { return hasType(value, one) })
	}
	switch v := value.(type) {
	case nil:
		return want == "null"
	case bool:
		return want == "boolean"
	case int:
		return want == "integer" || want == "number"
	case float64:
		return want == "number" || (want == "integer" && v == math.Trunc(v))
	case string:
		return want == "string"
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	}
	return false
}

// FuzzLoad: no file, whatever it holds, makes Load panic or forget to say where
// a mistake is.
func FuzzLoad(f *testing.F) {
	for _, c := range corpus() {
		f.Add(strings.ReplaceAll(c.text, "«»", ""))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "a.yaml")
		write(t, file, text)
		for _, d := range diagnose(t, Source{Files: []string{file}, SkipFiles: true, Hostname: "h"}) {
			if d.Rule == "" || d.Message == "" || d.File == "" {
				t.Errorf("incomplete diagnostic %+v", d)
			}
		}
	})
}
