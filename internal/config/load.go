package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source says where a configuration comes from. Only what is set is read: the
// zero Source gives the defaults.
type Source struct {
	// Files are read in order; a later file wins over an earlier one.
	Files []string
	// Environ is the environment as os.Environ gives it.
	Environ []string
	// Set holds the arguments of --set, each path=value.
	Set []string
	// Flags are the fields that have a flag of their own, where it was given.
	Flags []Override
	// Need lists fields that must have a value, for the command at hand.
	Need []string
	// Memory is the memory of this machine in bytes, 0 for unknown; see
	// MachineMemory.
	Memory Size
	// Hostname is the default of node.id; empty means ask the system.
	Hostname string
	// SkipFiles accepts paths of files that do not exist, for a configuration
	// that will be used on another machine.
	SkipFiles bool
}

// Loaded is a configuration and where each of its values came from.
type Loaded struct {
	Config Config
	// Warnings do not stop anything; they are for the log.
	Warnings Diagnostics

	table    *table
	settings map[string]*setting
	shown    map[string]string // canonical path -> text that is safe to show
}

// NodeNeeds lists the fields that a node cannot do without.
func NodeNeeds() []string { return []string{"kafka.brokers"} }

// Load reads, merges and checks a configuration. The error is an *Invalid that
// holds everything that is wrong, or says which file could not be read.
func Load(source Source) (*Loaded, error) {
	l := newLayers()
	for _, name := range source.Files {
		content, err := os.ReadFile(name)
		if err != nil {
			l.errorf(Place{File: name}, "file-missing", "cannot be read: %s", cause(err))
			continue
		}
		file := &fileLayer{layers: l, name: name, base: filepath.Dir(name), seen: map[string]Place{}}
		file.read(content)
	}
	l.environment(source.Environ)
	l.flags(source.Set, source.Flags)

	b := &builder{source: source, layers: l, shown: map[string]string{}}
	b.expander = expander{lookupEnv: lookupIn(source.Environ), readFile: os.ReadFile}
	b.build()
	found := b.sorted()
	if found.Count(SeverityError) > 0 {
		return nil, &Invalid{found}
	}
	return &Loaded{b.config, found, l.table, l.settings, b.shown}, nil
}

// Default is the configuration when nothing is set. It has no brokers.
func Default() Config {
	loaded, err := Load(Source{Hostname: "localhost"})
	if err != nil {
		// The table's own defaults are wrong; its test fails first.
		panic(err)
	}
	return loaded.Config
}

// builder turns merged settings into a Config.
type builder struct {
	*layers
	source   Source
	expander expander
	config   Config
	shown    map[string]string
}

func (b *builder) build() {
	for _, field := range b.table.fields {
		if strings.Contains(field.Path, "[") {
			continue
		}
		b.field(field, field.Path, 0)
	}
	items := len(b.config.Load)
	for _, field := range b.table.fields {
		for i := range items {
			if strings.Contains(field.Path, "[") {
				b.field(field, strings.Replace(field.Path, "[]", fmt.Sprintf("[%d]", i), 1), i)
			}
		}
	}
	b.derive()
	b.rules()
}

// field assigns the default and then what the layers say.
func (b *builder) field(f *Field, canonical string, item int) {
	ptr := f.bind(&b.config, item)
	if f.Default != "" {
		texts := []string{f.Default}
		if f.isList() {
			texts = strings.Split(f.Default, ",")
		}
		if err := assign(ptr, texts); err != nil {
			b.problem(canonical, Place{File: "default of " + f.Path}, err)
		}
	}
	s := b.settings[canonical]
	if s == nil {
		return
	}
	texts, ok := b.texts(f, canonical, s)
	if !ok {
		b.failed[canonical] = true
		return
	}
	if err := assign(ptr, texts); err != nil {
		b.badValue(canonical, s, s.items[0], err)
		return
	}
	if len(texts) == 1 {
		if err := bounds(f, ptr, texts[0]); err != nil {
			b.badValue(canonical, s, s.items[0], err)
		}
	}
}

// texts expands and checks every item of a setting.
func (b *builder) texts(f *Field, canonical string, s *setting) ([]string, bool) {
	ok := true
	texts := make([]string, 0, len(s.items))
	var shown []string
	maps := f.Type() == "maps"
	for _, item := range s.items {
		expanded, err := b.expander.expand(item)
		if err != nil {
			b.problem(s.path, item.place, err)
			ok = false
			continue
		}
		if f.Type() == "path" {
			expanded.text = absolute(expanded.text, item.base)
		}
		if err := validate(f, expanded.text); err != nil {
			b.badValue(canonical, s, item, err)
			ok = false
		}
		if slices.Contains(texts, expanded.text) && !maps {
			b.badValue(canonical, s, item, problemf("item-twice", "%q is in the list twice", expanded.text))
			ok = false
		}
		texts = append(texts, expanded.text)
		shown = append(shown, shownText(item, expanded))
	}
	if f.MustExist && ok && !b.source.SkipFiles {
		b.mustExist(canonical, s, texts[0])
	}
	b.shown[canonical] = strings.Join(shown, ", ")
	return texts, ok
}

// shownText keeps the content of a file out of what is shown: a file is where
// secrets live, even in a field that is not one.
func shownText(item scalar, e expansion) string {
	if e.fromFile {
		return item.text
	}
	return e.text
}

// concealed is err without the value, for a value that came from a reference:
// it quotes the reference instead.
func concealed(err error, reference string) error {
	var p *problem
	errors.As(err, &p)
	return problemf(p.rule, "%q, as expanded, is not accepted (%s)", reference, p.rule)
}

func (b *builder) badValue(canonical string, s *setting, item scalar, err error) {
	b.failed[canonical] = true
	if strings.Contains(item.text, "${") {
		err = concealed(err, item.text)
	}
	b.problem(s.path, item.place, err)
}

func (b *builder) problem(path string, at Place, err error) {
	rule := "bad-value"
	var p *problem
	if errors.As(err, &p) {
		rule = p.rule
	}
	b.errorf(at, rule, "%s: %v", path, err)
}

func (b *builder) mustExist(canonical string, s *setting, path string) {
	if path == "" {
		return
	}
	file, err := os.Open(path)
	if err != nil {
		b.failed[canonical] = true
		b.errorf(s.items[0].place, "file-missing", "%s: %s cannot be read: %s", s.path, path, cause(err))
		return
	}
	defer file.Close() // opened for reading only
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		b.failed[canonical] = true
		b.errorf(s.items[0].place, "file-missing", "%s: %s is a folder, not a file", s.path, path)
	case info.Mode().IsRegular() && info.Size() == 0:
		b.failed[canonical] = true
		b.errorf(s.items[0].place, "file-empty", "%s: %s is empty", s.path, path)
	}
}

// sorted is what was found in the order of the places: files as given, then
// the environment, then flags.
func (b *builder) sorted() Diagnostics {
	rank := func(d Diagnostic) int {
		if i := slices.Index(b.source.Files, d.File); i >= 0 {
			return i
		}
		if strings.HasPrefix(d.File, "env ") {
			return len(b.source.Files)
		}
		return len(b.source.Files) + 1
	}
	slices.SortStableFunc(b.found, func(x, y Diagnostic) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return b.found
}

// lookupIn makes os.LookupEnv out of os.Environ, so that a test and a caller
// decide what the environment is.
func lookupIn(environ []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range environ {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}
