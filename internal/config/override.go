package config

import (
	"maps"
	"regexp"
	"strings"
)

const envPrefix = "ADJOIN_"

// serviceLink matches the variables that Kubernetes puts into a pod for a
// Service called adjoin or adjoin-something. They are not meant for us.
var serviceLink = regexp.MustCompile(`^ADJOIN(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// environment adds the ADJOIN_ variables of environ, which is as os.Environ
// gives it.
func (l *layers) environment(environ []string) {
	for _, pair := range environ {
		name, text, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		path := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, envPrefix), "__", "."))
		if l.table.byPath[path] == nil && serviceLink.MatchString(name) {
			continue
		}
		l.override(path, text, Place{File: "env " + name}, "env")
	}
}

// Override is one field set by a flag of its own: Flag is its name as typed
// ("--listen"), Path the field, Text the value.
type Override struct {
	Flag, Path, Text string
}

// flags adds the --set arguments and then the dedicated flags.
func (l *layers) flags(set []string, dedicated []Override) {
	for _, argument := range set {
		path, text, ok := strings.Cut(argument, "=")
		at := Place{File: "--set " + path}
		if !ok {
			l.errorf(at, "no-value", "%v", errNoPath)
			continue
		}
		l.override(path, text, at, "set")
	}
	for _, o := range dedicated {
		l.override(o.Path, o.Text, Place{File: o.Flag}, "flag")
	}
}

// override sets one field from text that is not in a file. A list is written
// a,b,c; a value that begins with a bracket is YAML in flow style.
func (l *layers) override(path, text string, at Place, kind string) {
	field := l.table.byPath[path]
	if field == nil || strings.Contains(path, "[") {
		l.unknownOverride(path, at, kind)
		return
	}
	parent, _ := splitPath(path)
	canonical := joinPath(parent, field.Name())
	if field.Type() == "maps" || (field.isList() && strings.HasPrefix(text, "[")) {
		l.flow(path, text, at)
		return
	}
	if field.Secret() && kind != "env" && text != "" && !strings.HasPrefix(text, "${") {
		l.errorf(at, "secret-in-arguments", "the arguments of a process can be read by others; put the secret into a file and name that, or write '${env:NAME}'")
		return
	}
	s := &setting{field: field, path: path, place: at}
	if field.isList() {
		s.list = true
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				s.items = append(s.items, scalar{text: item, place: at})
			}
		}
	} else {
		s.items = []scalar{{text: text, place: at}}
	}
	l.set(canonical, s)
}

func (l *layers) unknownOverride(path string, at Place, kind string) {
	switch {
	case path != "" && l.table.isSection(path):
		l.errorf(at, "wrong-type", "%s is a map of keys; set one of %s", path, strings.Join(l.table.children[path], ", "))
	case kind == "env":
		// A forgotten underscore is the likeliest typo: compare whole names.
		var names []string
		for _, f := range l.table.fields {
			if env := f.Env(); env != "" {
				names = append(names, env)
			}
		}
		name := strings.TrimPrefix(at.File, "env ")
		l.errorf(at, "unknown-key", "no key belongs to this variable (two underscores separate levels)%s", didYouMean(nearest(name, names)))
	default:
		message, near := l.table.unknownKey(path)
		parent, _ := splitPath(path)
		l.failed[joinPath(parent, near)] = true
		l.errorf(at, "unknown-key", "%s", message)
	}
}

// flow reads a value in YAML flow style by giving the file walker a file with
// that one key. The places inside it mean nothing to the user, so the place of
// the override replaces them.
func (l *layers) flow(path, text string, at Place) {
	parent, name := splitPath(path)
	indent, lines := "", ""
	if parent != "" {
		for level := range strings.SplitSeq(parent, ".") {
			lines += indent + level + ":\n"
			indent += " "
		}
	}
	sub := newLayers()
	file := &fileLayer{layers: sub, name: at.File, seen: map[string]Place{}}
	file.read([]byte(lines + indent + name + ": " + strings.ReplaceAll(text, "\n", " ") + "\n"))
	for _, d := range sub.found {
		l.errorf(at, d.Rule, "%s", d.Message)
	}
	maps.Copy(l.failed, sub.failed)
	for _, s := range sub.settings {
		s.place = at
		for i := range s.items {
			s.items[i].place = at
		}
	}
	for canonical, s := range sub.settings {
		if !strings.Contains(canonical, "[") {
			l.set(canonical, s)
		}
	}
	for canonical, s := range sub.settings {
		l.settings[canonical] = s
	}
}
