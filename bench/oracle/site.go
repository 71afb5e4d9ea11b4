package oracle

import (
	"regexp"
	"strings"
)

var portText = regexp.MustCompile(`:[0-9]+$`)

// splitSite takes a website apart (N6): host in lower case without scheme, user
// info, port and one leading "www."; path as written, without query and
// fragment, "" for a lone slash.
func splitSite(text string) (domain, path string) {
	if i := strings.Index(text, "://"); i >= 0 && isScheme(text[:i]) {
		text = text[i+3:]
	}
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i]
	}
	host := text
	if i := strings.IndexByte(text, '/'); i >= 0 {
		host, path = text[:i], text[i:]
	}
	if path == "/" {
		path = ""
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	host = portText.ReplaceAllString(host, "")
	return strings.TrimPrefix(strings.ToLower(host), "www."), path
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r + 'A' - 'a'
		}
		return r
	}, s)
}
