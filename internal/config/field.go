package config

import (
	"slices"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Field is one row of the table: one key of the configuration.
type Field struct {
	// Path is the place in the YAML tree, levels separated by dots. A level
	// that is an item of a list is written with brackets: "load[].target".
	Path string
	// Default is the value, in the notation of the field, when no layer names
	// it. It is empty for no value; a list separates its items with commas.
	Default string
	// DefaultNote replaces Default where people read it, for a default that
	// depends on the machine.
	DefaultNote string
	// Doc is a paragraph for people.
	Doc string
	// Enum lists the values allowed, when only some are.
	Enum []string
	// Min and Max bound the value, both inclusive, in the notation of the
	// field. Empty means unbounded.
	Min, Max string
	// Aliases are other names of the last level, accepted without a word.
	Aliases []string
	// MustExist makes a Path field fail when there is no such file.
	MustExist bool

	// check looks at one value (one item of a list) beyond its type.
	check func(text string) error
	// bind points at the place of the value in c; item is the index of the
	// list item for paths with brackets.
	bind func(c *Config, item int) any
}

// Section is one map of the configuration and the paragraph about it.
type Section struct {
	Path string
	Doc  string
}

// Type is the word for the type of the field: boolean, integer, text, duration,
// size, rate, share, secret, path, zone, delimiter, start, list, names, maps.
func (f *Field) Type() string {
	switch f.bind(&Config{Load: make([]LoadTarget, 1)}, 0).(type) {
	case *bool:
		return "boolean"
	case *int:
		return "integer"
	case *string:
		return "text"
	case *time.Duration, *event.Span:
		return "duration"
	case *Size:
		return "size"
	case *Rate:
		return "rate"
	case *Share:
		return "share"
	case *Secret:
		return "secret"
	case *Path:
		return "path"
	case *Zone:
		return "zone"
	case *Delimiter:
		return "delimiter"
	case *Start:
		return "start"
	case *[]string:
		return "list"
	case *Names:
		return "names"
	}
	return "maps"
}

// Unit says how a value of the field is written, or "" where that goes without
// saying.
func (f *Field) Unit() string { return unitNotes[f.Type()] }

var unitNotes = map[string]string{
	"duration":  "a number with ms, s, m, h or d: 250ms, 30s, 15m, 24h, 7d",
	"size":      "a number with KB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024)",
	"rate":      "events per second: 500/s, 200k/s, 1.5M/s",
	"share":     "3% or 0.03",
	"path":      "a path, relative to the file that names it",
	"zone":      "an IANA time zone, such as Europe/Berlin",
	"delimiter": "one of \",\", \";\", \"|\" and tab",
	"start":     "earliest, latest or a time in RFC 3339",
	"names":     "one name or a list of names; \"\" or [] for none",
	"maps":      "a list of maps",
}

// Secret reports whether the value must never be shown.
func (f *Field) Secret() bool { return f.Type() == "secret" }

// Name is the last level of the path.
func (f *Field) Name() string { return f.Path[strings.LastIndexByte(f.Path, '.')+1:] }

// Env is the environment variable that sets the field, or "" for an item of a
// list, which has none.
func (f *Field) Env() string {
	if strings.Contains(f.Path, "[") {
		return ""
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.Path, ".", "__"))
}

func (f *Field) isList() bool {
	switch f.Type() {
	case "list", "names":
		return true
	}
	return false
}

// table is the field table with the indexes that walking it needs.
type table struct {
	fields   []*Field
	sections []Section
	byPath   map[string]*Field
	children map[string][]string // section path -> names of its fields and sections
}

// newTable builds the table. It is cheap enough to build for each load.
func newTable() *table {
	t := &table{byPath: map[string]*Field{}, children: map[string][]string{}}
	t.sections = sections()
	for _, f := range fields() {
		t.fields = append(t.fields, &f)
		t.byPath[f.Path] = &f
		parent, name := splitPath(f.Path)
		t.children[parent] = append(t.children[parent], name)
		for _, alias := range f.Aliases {
			t.byPath[joinPath(parent, alias)] = &f
		}
	}
	for _, s := range t.sections {
		parent, name := splitPath(s.Path)
		t.children[parent] = append(t.children[parent], name)
	}
	return t
}

// isSection reports whether path is a map with keys of its own.
func (t *table) isSection(path string) bool {
	return path == "" || slices.ContainsFunc(t.sections, func(s Section) bool { return s.Path == path })
}

// Fields is the field table in the order of the reference page. The caller must
// not change it.
func Fields() []*Field { return newTable().fields }

// Sections is every map of the configuration in the order of the reference
// page.
func Sections() []Section { return sections() }

// Keys lists the paths of all fields, for completion.
func Keys() []string {
	var keys []string
	for _, f := range newTable().fields {
		keys = append(keys, f.Path)
	}
	return keys
}

// splitPath cuts the last level off: "kafka.tls.enabled" is "kafka.tls" and
// "enabled", "load[].path" is "load[]" and "path".
func splitPath(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

func joinPath(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
