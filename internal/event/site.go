package event

import "strings"

// SplitSite takes a website apart (semantics N6): the host in lower case
// without scheme, user info, port and one leading "www.", and the path as
// written without query and fragment; a lone "/" is no path. The results alias
// website unless its host has upper-case letters.
func SplitSite(website string) (host, path string) {
	if n := plainHost(website); n > 0 && (n == len(website) || website[n] == '/') {
		return splitPath(strings.TrimPrefix(website[:n], "www."), website[n:])
	}
	rest := website[schemeLength(website):]
	end := firstOf(rest, '/')
	authority := rest[:end]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	host = lower(withoutPort(authority))
	return splitPath(strings.TrimPrefix(host, "www."), rest[end:])
}

// splitPath cuts query and fragment off what follows a host.
func splitPath(host, rest string) (_, path string) {
	path = rest[:firstOf(rest, '?')]
	if path == "/" {
		path = ""
	}
	return host, path
}

// plainHost is the length of the host that a website begins with when it is
// written as most are: lower case, neither scheme nor user nor port. What
// follows must be a slash or nothing, or it is no such host.
func plainHost(website string) int {
	for i := range len(website) {
		c := website[i]
		if c-'a' > 'z'-'a' && c-'0' > 9 && c != '.' && c != '-' && c != '_' {
			return i
		}
	}
	return len(website)
}

// firstOf is where s first has stop, a question mark or a number sign; its
// length when it has none.
func firstOf(s string, stop byte) int {
	for i := range len(s) {
		if c := s[i]; c == stop || c == '?' || c == '#' {
			return i
		}
	}
	return len(s)
}

// schemeLength is the length of a leading "xxx://", 0 without one.
func schemeLength(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		case i > 0 && strings.HasPrefix(s[i:], "://"):
			return i + len("://")
		default:
			return 0
		}
	}
	return 0
}

// withoutPort drops ":digits" from the end; the colons inside the brackets of
// an IPv6 address are no port.
func withoutPort(authority string) string {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.IndexByte(authority[colon:], ']') >= 0 {
		return authority
	}
	if port := authority[colon+1:]; port != "" && !allDigits(port) {
		return authority
	}
	return authority[:colon]
}

// lower is strings.ToLower that looks before it copies.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c-'A' <= 'Z'-'A' {
			return strings.ToLower(s)
		}
	}
	return s
}
