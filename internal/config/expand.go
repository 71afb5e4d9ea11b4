package config

import (
	"path/filepath"
	"strings"
)

// expander replaces ${env:NAME}, ${env:NAME:-default} and ${file:path} in the
// text of one scalar. "$${" stands for a literal "${".
type expander struct {
	lookupEnv func(string) (string, bool)
	readFile  func(string) ([]byte, error)
}

// expansion is the text of a scalar after references are replaced.
type expansion struct {
	text     string
	fromFile bool // one of the references was a file
}

func (e *expander) expand(s scalar) (expansion, error) {
	var out expansion
	var b strings.Builder
	rest := s.text
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			b.WriteString(rest)
			out.text = b.String()
			return out, nil
		}
		if literal, escaped := strings.CutSuffix(before, "$"); escaped {
			b.WriteString(literal + "${")
			rest = after
			continue
		}
		b.WriteString(before)
		reference, tail, closed := strings.Cut(after, "}")
		if !closed {
			return out, problemf("bad-reference", "%q has a ${ without a }; write $${ for a literal ${", s.text)
		}
		value, err := e.reference(reference, s.base)
		if err != nil {
			return out, err
		}
		b.WriteString(value)
		out.fromFile = out.fromFile || strings.HasPrefix(reference, "file:")
		rest = tail
	}
}

func (e *expander) reference(reference, base string) (string, error) {
	scheme, name, _ := strings.Cut(reference, ":")
	switch {
	case scheme == "env" && name != "":
		name, fallback, hasFallback := strings.Cut(name, ":-")
		if value, ok := e.lookupEnv(name); ok && (value != "" || !hasFallback) {
			return value, nil
		}
		if !hasFallback {
			return "", problemf("env-unset", "the environment variable %s is not set; set it, or write ${env:%s:-default}", name, name)
		}
		return fallback, nil
	case scheme == "file" && name != "":
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		content, err := e.readFile(path)
		if err != nil {
			return "", problemf("file-missing", "${file:%s} cannot be read: %s", name, cause(err))
		}
		return strings.TrimRight(string(content), "\r\n"), nil
	}
	return "", problemf("bad-reference", "${%s} is not a reference; write ${env:NAME}, ${env:NAME:-default} or ${file:path}", reference)
}
