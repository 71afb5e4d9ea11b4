package config

import (
	"fmt"
	"strings"
)

// ReferencePage is the page docs/configuration.md: every section and every field,
// in Markdown.
func ReferencePage() string {
	t := newTable()
	var b strings.Builder
	b.WriteString(referenceHead)
	t.referenceSection(&b, Section{Doc: "Keys at the top of the file."})
	for _, s := range t.sections {
		t.referenceSection(&b, s)
	}
	return b.String()
}

const referenceHead = `# Configuration

This page is written from the field table in internal/config by ` + "`make docs`" + `; a
test fails when it is out of date. ` + "`adjoin config explain KEY`" + ` prints one
entry, ` + "`adjoin config schema`" + ` the JSON Schema for editors, and
` + "`adjoin config check FILE`" + ` everything that is wrong with a file.

## Where a value comes from

From the lowest to the highest, the last one that names a key decides:

1. the default below;
2. the files of ` + "`-c FILE`" + `, in the order given: maps merge, lists replace;
3. the environment: ` + "`ADJOIN_KAFKA__BROKERS=a:9092,b:9092`" + `, two underscores between levels;
4. ` + "`--set kafka.brokers=a:9092,b:9092`" + `;
5. a flag of its own, such as ` + "`--listen`" + `.

` + "`adjoin config show --sources`" + ` prints each value and where it was written.

Inside a value, ` + "`${env:NAME}`" + `, ` + "`${env:NAME:-default}`" + ` and ` + "`${file:path}`" + ` are
replaced by the text of the variable or the file. That happens after the YAML
is read: the text can never become a key, a list or a second item. ` + "`$${`" + `
stands for ` + "`${`" + `. Prefer the ` + "`*_file`" + ` keys for secrets; a secret as an argument
of ` + "`--set`" + ` is refused, for other processes could read it.

Every duration and size has a unit: ` + "`250ms 30s 15m 24h 7d`" + `, ` + "`KB MB GB`" + ` (powers of
1000), ` + "`KiB MiB GiB`" + ` (powers of 1024). Relative paths start from the folder of
the file that names them, and from the working directory when the environment
or a flag names them.

A node reads its configuration once, when it starts: a change needs a restart.
The exceptions are files with passwords and tokens, which are read at each use.
`

// referenceSection writes the fields that lie directly in s; a section that has
// sections only is a heading.
func (t *table) referenceSection(b *strings.Builder, s Section) {
	title := s.Path
	if title == "" {
		title = "(top)"
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n", title, s.Doc)
	for _, name := range t.children[s.Path] {
		f := t.byPath[joinPath(s.Path, name)]
		if f == nil {
			continue
		}
		t.referenceField(b, f)
		if f.Type() == "maps" {
			for _, item := range t.children[f.Path+"[]"] {
				t.referenceField(b, t.byPath[f.Path+"[]."+item])
			}
		}
	}
}

func (t *table) referenceField(b *strings.Builder, f *Field) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n\n", f.Path, wrap(f.Doc, 78))
	for _, fact := range facts(f) {
		text := fact[1]
		switch fact[0] {
		case "environment":
			text = "`" + text + "`"
		case "default":
			if f.DefaultNote == "" && f.Default != "" {
				text = "`" + text + "`"
			}
		case "one of", "also called":
			text = "`" + strings.ReplaceAll(text, ", ", "`, `") + "`"
		}
		fmt.Fprintf(b, "- %s: %s\n", fact[0], text)
	}
}
