package config

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Checks of one value beyond its type. Each returns a problem that quotes the
// value, or nil.

var (
	tokenForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	hostForm     = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$`)
	topicForm    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

func checkToken(text string) error {
	if tokenForm.MatchString(text) {
		return nil
	}
	return problemf("not-a-name", "%q is not a name; use up to 63 letters, digits, dots, underscores and hyphens", text)
}

func checkTopic(text string) error {
	if topicForm.MatchString(text) && text != "." && text != ".." {
		return nil
	}
	return problemf("not-a-topic", "%q is not a Kafka topic; use up to 249 letters, digits, dots, underscores and hyphens", text)
}

func checkCurrency(text string) error {
	if currencyForm.MatchString(text) {
		return nil
	}
	return problemf("not-a-currency", "%q is not an ISO 4217 currency; write three capital letters such as EUR", text)
}

func checkHost(text string) error {
	if isHost(text) {
		return nil
	}
	return problemf("not-a-host", "%q is not a host name or address", text)
}

func isHost(text string) bool {
	return hostForm.MatchString(text) || net.ParseIP(text) != nil
}

func checkHostPort(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil && isHost(text) {
		return problemf("not-an-address", "%q has no port; write %s:9092", text, text)
	}
	if err != nil || !isHost(host) || !isPort(port, 1) {
		return problemf("not-an-address", "%q is not host:port", text)
	}
	return nil
}

// checkListen allows what net.Listen allows: an empty host for all addresses
// and port 0 for any free port.
func checkListen(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil || !isPort(port, 0) || (host != "" && !isHost(host)) {
		return problemf("not-an-address", "%q is not an address to listen on; write for example 127.0.0.1:8080", text)
	}
	return nil
}

func isPort(text string, least int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= least && n <= 65535
}

// isLoopback reports whether an address (host:port) can only be reached from
// this machine.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

func checkURL(schemes ...string) func(string) error {
	return func(text string) error {
		u, err := url.Parse(text)
		if err == nil && hasPassword(u) {
			return errPasswordInURL
		}
		if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" {
			return problemf("not-a-url", "%q is not a URL; write for example %s://host:8081", redactURL(text), schemes[len(schemes)-1])
		}
		return nil
	}
}

// errPasswordInURL refuses what every log and error message would repeat.
var errPasswordInURL = problemf("password-in-url", "a URL must not hold a password; use the keys for user names and passwords, or the environment of the store")

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

// sinkSchemes are the stores that a sink can write to.
var sinkSchemes = []string{"file", "s3", "gs", "azblob"}

// checkSinkURL takes a URL of a store, or a path without a scheme.
func checkSinkURL(text string) error {
	if !strings.Contains(text, "://") {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return problemf("not-a-url", "%q is not a URL", redactURL(text))
	case hasPassword(u):
		return errPasswordInURL
	case !slices.Contains(sinkSchemes, u.Scheme):
		return problemf("not-a-url", "%q: scheme %q is not one of %s", redactURL(text), u.Scheme, strings.Join(sinkSchemes, ", "))
	case u.Scheme == "file" && (u.Host != "" || u.Path == ""):
		return problemf("not-a-url", "%q: a file URL has three slashes and an absolute path, as in file:///var/lib/adjoin", text)
	case u.Scheme != "file" && u.Host == "":
		return problemf("not-a-url", "%q names no bucket; write %s://bucket/folder", text, u.Scheme)
	}
	return nil
}

// redactURL hides what a URL may carry of secrets: the password, and options
// whose names sound like one. Text that is no URL is hidden from its first "@"
// back to the scheme.
func redactURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		scheme, rest, ok := strings.Cut(text, "://")
		if at := strings.LastIndexByte(rest, '@'); ok && at >= 0 {
			return scheme + "://" + redacted + rest[at:]
		}
		return text
	}
	if _, has := u.User.Password(); !has && u.RawQuery == "" {
		return text
	}
	return redactParsed(u)
}

func redactParsed(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery = nil, ""
	var user string
	if _, has := u.User.Password(); has {
		user = url.User(u.User.Username()).String() + ":" + redacted + "@"
	} else if u.User != nil {
		user = u.User.String() + "@"
	}
	var options []string
	for option := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(option, "=")
		if soundsSecret(name) && value != "" {
			option = name + "=" + redacted
		}
		if option != "" {
			options = append(options, option)
		}
	}
	text := strings.Replace(shown.String(), "://", "://"+user, 1)
	if len(options) > 0 {
		text += "?" + strings.Join(options, "&")
	}
	return text
}

func soundsSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"key", "secret", "token", "password", "pass", "sig", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// The columns that CSV may have, aliases included. They are the vocabulary of
// the decoders in codecs; a name outside it is a typo that would silently
// leave a field empty.
var (
	sharedColumns = []string{
		"event_timestamp", "timestamp", "ts", "user_id", "uid", "campaign_id", "ad_campaign_id",
		"click_id", "impression_id", "conversion_type", "event_type", "user_agent", "ip", "country",
		"device_type", "is_test", "gdpr", "consent", "sent_at", "received_at", "event_id",
	}
	clickColumns = append([]string{
		"click_time", "creative_id", "ad_creative_id", "gclid", "clid", "exchange", "auction_id",
		"imp_id", "item_id", "bid_id", "website", "landing_url", "os", "click_x", "click_y",
	}, sharedColumns...)
	conversionColumns = append([]string{
		"conversion_time", "event_name", "conversion_id", "order_id", "transaction_id",
		"advertiser_id", "value", "value_micros", "currency", "quantity", "adjustment",
	}, sharedColumns...)
)

func checkColumn(known ...[]string) func(string) error {
	all := slices.Concat(known...)
	return func(text string) error {
		if slices.Contains(all, strings.ToLower(text)) {
			return nil
		}
		return problemf("unknown-column", "%q is not a column%s", text, didYouMean(nearest(text, all)))
	}
}

// didYouMean is the tail of a message, or "".
func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "; did you mean \"" + word + "\"?"
}
