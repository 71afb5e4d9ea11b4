package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/advertisex/adjoin/internal/event"
)

// Value is one effective value of a Loaded configuration, ready to be shown:
// secrets are redacted.
type Value struct {
	Path    string   `json:"path"`
	Value   string   `json:"value"`
	Items   []string `json:"items,omitempty"`
	Default bool     `json:"default"`
	Source  string   `json:"source"` // file:line:col, env NAME, --set path, flag or default
}

// Values lists the effective value of every field in the order of the table,
// items of lists included. With changed, only those that some layer names.
func (l *Loaded) Values(changed bool) []Value {
	var values []Value
	add := func(f *Field, canonical string, item int) {
		s := l.settings[canonical]
		if s == nil && changed {
			return
		}
		v := Value{Path: canonical, Value: text(f, &l.Config, item), Default: s == nil, Source: "default"}
		if s != nil {
			v.Source = s.place.String()
			if strings.Contains(l.shown[canonical], "${file:") && !f.Secret() {
				v.Value = l.shown[canonical]
			}
		}
		if f.isList() {
			v.Items = split(v.Value)
		}
		values = append(values, v)
	}
	for _, f := range l.table.fields {
		switch {
		case f.Type() == "maps" && len(l.Config.Load) > 0:
		case !strings.Contains(f.Path, "["):
			add(f, f.Path, 0)
		}
	}
	for i := range l.Config.Load {
		for _, f := range l.table.fields {
			if _, name, ok := strings.Cut(f.Path, "[]."); ok {
				add(f, itemPath(i, name), i)
			}
		}
	}
	return values
}

func split(list string) []string {
	if list == "" {
		return []string{}
	}
	return strings.Split(list, ", ")
}

func itemPath(item int, name string) string { return fmt.Sprintf("load[%d].%s", item, name) }

// Hash names the effective configuration in logs and metrics: 12 hex digits
// over every value, secrets left out.
func (l *Loaded) Hash() string {
	h := sha256.New()
	for _, v := range l.Values(false) {
		fmt.Fprintf(h, "%s=%s\n", v.Path, v.Value)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Origin says where the value of a field was written: "default" when nowhere.
func (l *Loaded) Origin(path string) string {
	if s := l.settings[path]; s != nil {
		return s.place.String()
	}
	return "default"
}

// YAML is the effective configuration as a file that can be read again, but for
// the secrets. With sources, each line ends in a comment about its origin.
func (l *Loaded) YAML(sources, changed bool) string {
	var b strings.Builder
	var open []string // the sections that the line before is in
	for _, v := range l.Values(changed) {
		levels := strings.Split(v.Path, ".")
		sectionsOf := levels[:len(levels)-1]
		shared := 0
		for shared < len(sectionsOf) && shared < len(open) && sectionsOf[shared] == open[shared] {
			shared++
		}
		newItem := false
		for i := shared; i < len(sectionsOf); i++ {
			if name, item, isItem := strings.Cut(sectionsOf[i], "["); isItem {
				if item == "0]" {
					fmt.Fprintf(&b, "%s:\n", name)
				}
				newItem = true
				continue
			}
			fmt.Fprintf(&b, "%s%s:\n", indent(i), sectionsOf[i])
		}
		open = sectionsOf
		lead := indent(len(sectionsOf))
		if newItem {
			lead = "- "
		}
		line := lead + levels[len(levels)-1] + ": " + yamlValue(v)
		if sources {
			line = fmt.Sprintf("%-52s # %s", line, v.Source)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func indent(levels int) string { return strings.Repeat("  ", levels) }

func yamlValue(v Value) string {
	if v.Items != nil {
		quoted := make([]string, len(v.Items))
		for i, item := range v.Items {
			quoted[i] = quoteYAML(item)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	if v.Path == "load" {
		return "[]"
	}
	return quoteYAML(v.Value)
}

// quoteYAML puts quotes where plain text would mean something else in YAML.
func quoteYAML(s string) string {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, ":#,[]{}&*!|>'\"%@`\n\t\\") || strings.HasPrefix(s, "-") {
		return strconv.Quote(s)
	}
	return s
}

// text is the value of a field in c as the configuration writes it, safe to
// show. A list separates its items with ", ".
func text(f *Field, c *Config, item int) string {
	switch p := f.bind(c, item).(type) {
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *string:
		return showString(*p)
	case *time.Duration:
		return FormatDuration(*p)
	case *event.Span:
		return FormatDuration(time.Duration(*p) * time.Microsecond)
	case *[]string:
		return strings.Join(*p, ", ")
	case *Names:
		return strings.Join(*p, ", ")
	case *Path:
		return string(*p)
	case *Rate:
		return strconv.FormatFloat(float64(*p), 'f', -1, 64) + "/s"
	case *Share:
		return strconv.FormatFloat(float64(*p), 'f', -1, 64)
	case *[]LoadTarget:
		return ""
	case fmt.Stringer:
		return p.String()
	}
	return ""
}

// showString hides the password inside a URL.
func showString(s string) string {
	if u, err := url.Parse(s); strings.Contains(s, "://") || (err == nil && u.User != nil) {
		return redactURL(s)
	}
	return s
}
