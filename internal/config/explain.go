package config

import (
	"fmt"
	"strings"
)

// UnknownKey is the error of Explain for a path that is neither a field nor a
// section; Message suggests what may have been meant.
type UnknownKey struct{ Message string }

// Error is Message.
func (e *UnknownKey) Error() string { return e.Message }

// Explain is what people need to know about a field or a section, as plain
// text. An alias explains the field that it stands for.
func Explain(path string) (string, error) {
	t := newTable()
	path = itemNumber.ReplaceAllString(path, "[]")
	if f := t.byPath[path]; f != nil {
		return explainField(f), nil
	}
	for _, s := range t.sections {
		if s.Path == path {
			return t.explainSection(s), nil
		}
	}
	message, _ := t.unknownKey(path)
	return "", &UnknownKey{message}
}

func explainField(f *Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", f.Path, wrap(f.Doc, 78))
	for _, line := range facts(f) {
		fmt.Fprintf(&b, "  %-12s %s\n", line[0], line[1])
	}
	return b.String()
}

// facts are the properties of a field as pairs of a label and a text.
func facts(f *Field) [][2]string {
	facts := [][2]string{{"type", f.Type()}}
	add := func(label, text string) {
		if text != "" {
			facts = append(facts, [2]string{label, text})
		}
	}
	add("written as", f.Unit())
	add("default", shownDefault(f))
	add("one of", strings.Join(f.Enum, ", "))
	add("range", shownRange(f))
	add("also called", strings.Join(f.Aliases, ", "))
	add("environment", f.Env())
	if f.Secret() {
		add("secret", "never shown; refused as an argument")
	}
	return facts
}

func shownDefault(f *Field) string {
	switch {
	case f.DefaultNote != "":
		return f.DefaultNote
	case f.Path == "load[].target":
		return "none, required"
	case f.Default == "":
		return "none"
	case f.isList():
		return "[" + strings.ReplaceAll(f.Default, ",", ", ") + "]"
	}
	return f.Default
}

func shownRange(f *Field) string {
	if f.Min == "" && f.Max == "" {
		return ""
	}
	if f.Min == f.Max {
		return "only " + f.Min
	}
	return f.Min + " to " + f.Max
}

func (t *table) explainSection(s Section) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", s.Path, wrap(s.Doc, 78))
	for _, name := range t.children[s.Path] {
		path := joinPath(s.Path, name)
		summary := "a section; adjoin config explain " + path
		if f := t.byPath[path]; f != nil {
			summary = firstSentence(f.Doc)
		}
		fmt.Fprintf(&b, "  %-24s %s\n", name, summary)
	}
	return b.String()
}

func firstSentence(doc string) string {
	first, _, _ := strings.Cut(doc, ". ")
	return strings.TrimSuffix(first, ".") + "."
}

// wrap breaks text into lines of at most width bytes where words allow it.
func wrap(text string, width int) string {
	var b strings.Builder
	length := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case length+1+len(word) > width:
			b.WriteByte('\n')
			length = 0
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}
