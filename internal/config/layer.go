package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar is one piece of text from a layer.
type scalar struct {
	text  string
	place Place
	// base is the folder that relative paths in text start from; empty means
	// the working directory.
	base string
}

// setting is one field as one layer names it: a scalar, or a list.
type setting struct {
	field *Field
	// path is as the layer wrote it, aliases and item numbers included.
	path  string
	list  bool
	items []scalar // one for a scalar
	place Place
}

// layers collects settings in rising precedence, and what is wrong with them.
type layers struct {
	table    *table
	settings map[string]*setting // by canonical path, items as load[0].target
	found    Diagnostics
	// failed holds canonical paths without a usable value, sections included;
	// the empty path stands for everything. Rules about several fields leave
	// them alone, so that one mistake is one line.
	failed map[string]bool
}

func newLayers() *layers {
	return &layers{table: newTable(), settings: map[string]*setting{}, failed: map[string]bool{}}
}

func (l *layers) errorf(at Place, rule, format string, args ...any) {
	l.found = append(l.found, Diagnostic{at, SeverityError, sentence(fmt.Sprintf(format, args...)), rule})
}

// sentence ends a message that has no end yet.
func sentence(message string) string {
	if strings.HasSuffix(message, "?") || strings.HasSuffix(message, ".") {
		return message
	}
	return message + "."
}

// set puts s over what a lower layer said. A list replaces the whole list, so
// the items of an older one go.
func (l *layers) set(canonical string, s *setting) {
	if s.field.Type() == "maps" {
		for path := range l.settings {
			if strings.HasPrefix(path, canonical+"[") {
				delete(l.settings, path)
			}
		}
	}
	l.settings[canonical] = s
}

// fileLayer walks one file.
type fileLayer struct {
	*layers
	name string // as diagnostics print it
	base string
	seen map[string]Place
}

var (
	yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	// countsFromZero matches the errors of the grammar, whose line the YAML
	// package gives one too low; those of its scanner are right.
	countsFromZero = regexp.MustCompile(`line \d+: did not find expected (<|node content|'-' indicator|key|',' or)`)
)

func (f *fileLayer) read(content []byte) {
	var documents []*yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				f.syntaxError(content, err)
				return
			}
			break
		}
		documents = append(documents, &document)
	}
	if len(documents) > 1 {
		f.failed[""] = true
		f.errorf(f.at(documents[1].Content[0]), "many-documents", "a configuration file holds one YAML document; remove the \"---\" or pass the second part as a file of its own")
		return
	}
	if len(documents) == 1 && len(documents[0].Content) == 1 {
		f.section("", documents[0].Content[0])
	}
}

// syntaxError reports what the YAML parser could not read. The parser gives a
// line and no column; a tab in the indentation, the commonest cause, is found
// and placed exactly.
func (f *fileLayer) syntaxError(content []byte, err error) {
	f.failed[""] = true
	for i, line := range strings.Split(string(content), "\n") {
		blank := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(blank, '\t'); tab >= 0 && len(blank) < len(line) {
			f.errorf(Place{f.name, i + 1, tab + 1}, "yaml-syntax", "YAML is indented with spaces, this line has a tab")
			return
		}
	}
	line := 1
	match := yamlLine.FindStringSubmatch(err.Error())
	if match != nil && match[1] != "" {
		line, _ = strconv.Atoi(match[1])
	}
	if countsFromZero.MatchString(err.Error()) {
		line++
	}
	f.errorf(Place{f.name, line, 1}, "yaml-syntax", "this is not YAML: %s", yamlLine.ReplaceAllString(err.Error(), ""))
}

func (f *fileLayer) at(n *yaml.Node) Place { return Place{f.name, n.Line, n.Column} }

// section walks a map. path is canonical.
func (f *fileLayer) section(path string, n *yaml.Node) {
	n = resolve(n)
	if isNull(n) {
		return // a section with everything commented out
	}
	if n.Kind != yaml.MappingNode {
		f.failed[path] = true
		f.errorf(f.at(n), "wrong-type", "%s is a map of keys, not %s", nameOf(path), describe(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f.key(path, n.Content[i], n.Content[i+1])
	}
}

func (f *fileLayer) key(parent string, key, value *yaml.Node) {
	if key.Tag == "!!merge" || key.Kind != yaml.ScalarNode {
		f.errorf(f.at(key), "wrong-type", "a key of %s must be plain text; merge keys (<<) are not supported", nameOf(parent))
		return
	}
	path := joinPath(parent, key.Value)
	generic := itemNumber.ReplaceAllString(path, "[]")
	field := f.table.byPath[generic]
	if !f.table.isSection(generic) && field == nil {
		f.unknown(parent, key)
		return
	}
	canonical := path
	if field != nil {
		canonical = joinPath(parent, field.Name())
	}
	if first, again := f.seen[canonical]; again {
		f.errorf(f.at(key), "duplicate-key", "key %q is here for the second time; the first is on line %d", path, first.Line)
		return
	}
	f.seen[canonical] = f.at(key)
	if field == nil {
		f.section(path, value)
		return
	}
	f.value(canonical, path, field, value)
}

var itemNumber = regexp.MustCompile(`\[\d+\]`)

func (f *fileLayer) unknown(parent string, key *yaml.Node) {
	message, near := f.table.unknownKey(joinPath(parent, key.Value))
	f.failed[joinPath(parent, near)] = true
	f.errorf(f.at(key), "unknown-key", "%s", message)
}

// unknownKey is the message about a path that is neither field nor section, and
// the key of the same section that was probably meant.
func (t *table) unknownKey(path string) (message, near string) {
	parent, name := splitPath(path)
	message = fmt.Sprintf("unknown key %q", path)
	generic := itemNumber.ReplaceAllString(parent, "[]")
	names := t.names(generic)
	if near = nearest(name, names); near != "" {
		return message + didYouMean(near), near
	}
	// The key may exist elsewhere: an indentation slip or a forgotten level.
	for _, elsewhere := range t.paths() {
		if _, last := splitPath(elsewhere); last == name {
			return message + didYouMean(elsewhere), ""
		}
	}
	if len(names) > 0 {
		message += "; " + nameOf(parent) + " knows " + strings.Join(t.children[generic], ", ")
	}
	return message, ""
}

// paths lists all fields and sections.
func (t *table) paths() []string {
	var paths []string
	for _, f := range t.fields {
		paths = append(paths, f.Path)
	}
	for _, s := range t.sections {
		paths = append(paths, s.Path)
	}
	return paths
}

// names are the keys that a section knows, aliases included.
func (t *table) names(section string) []string {
	names := slices.Clone(t.children[section])
	for path := range t.byPath {
		if parent, name := splitPath(path); parent == section && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (f *fileLayer) value(canonical, path string, field *Field, n *yaml.Node) {
	n = resolve(n)
	s := &setting{path: path, field: field, place: f.at(n)}
	before := len(f.found)
	defer func() { f.failed[canonical] = f.failed[canonical] || len(f.found) > before }()
	switch {
	case isNull(n):
		f.errorf(f.at(n), "no-value", "%s has no value; give it one, or remove the key for the default", path)
		return
	case field.Type() == "maps":
		f.maps(canonical, s, n)
		return
	case n.Kind == yaml.ScalarNode && field.Type() == "list":
		f.errorf(f.at(n), "wrong-type", "%s is a list; write [%s]", path, n.Value)
		return
	case n.Kind == yaml.ScalarNode:
		s.items = []scalar{f.scalar(n)}
	case n.Kind == yaml.SequenceNode && field.isList():
		s.list = true
		if !f.items(s, n) {
			return
		}
	default:
		f.errorf(f.at(n), "wrong-type", "%s is %s, not %s", path, article(field), describe(n))
		return
	}
	f.set(canonical, s)
}

func (f *fileLayer) scalar(n *yaml.Node) scalar {
	return scalar{text: n.Value, place: f.at(n), base: f.base}
}

// items fills a list of scalars and reports whether all of them are.
func (f *fileLayer) items(s *setting, n *yaml.Node) bool {
	ok := true
	for _, item := range n.Content {
		item = resolve(item)
		if item.Kind != yaml.ScalarNode || isNull(item) {
			f.errorf(f.at(item), "wrong-type", "%s is a list of texts, and this item is %s", s.path, describe(item))
			ok = false
			continue
		}
		s.items = append(s.items, f.scalar(item))
	}
	return ok
}

// maps reads a list of maps: each item becomes a section with a number.
func (f *fileLayer) maps(canonical string, s *setting, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		f.errorf(f.at(n), "wrong-type", "%s is a list of maps, not %s; begin each item with \"- \"", s.path, describe(n))
		return
	}
	s.list = true
	for _, item := range n.Content {
		s.items = append(s.items, scalar{place: f.at(resolve(item))})
	}
	f.set(canonical, s)
	for i, item := range n.Content {
		item = resolve(item)
		if isNull(item) {
			f.errorf(f.at(item), "wrong-type", "item %d of %s is empty", i+1, s.path)
			continue
		}
		f.section(fmt.Sprintf("%s[%d]", canonical, i), item)
	}
}

// resolve follows an alias to its anchor.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func nameOf(path string) string {
	if path == "" {
		return "the configuration"
	}
	return path
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "empty"
	}
	return fmt.Sprintf("the value %q", n.Value)
}

// article is the type of a field as a noun phrase.
func article(f *Field) string {
	switch t := f.Type(); t {
	case "integer":
		return "an integer"
	case "text", "secret":
		return "a text"
	case "names":
		return "a name or a list of names"
	case "start":
		return "earliest, latest or a time"
	default:
		return "a " + t
	}
}

// errNoPath is what a --set argument without "=" gets.
var errNoPath = errors.New("write path=value, for example kafka.brokers=localhost:9092")
