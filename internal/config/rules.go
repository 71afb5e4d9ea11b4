package config

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Rules about several fields at once. A rule stays silent about a field whose
// own value is already reported, so that one mistake is one line.

// derive fills the defaults that depend on the machine or on other fields.
func (b *builder) derive() {
	c := &b.config
	if c.Node.ID == "" {
		c.Node.ID = b.source.Hostname
	}
	if c.Node.ID == "" {
		if host, err := os.Hostname(); err == nil {
			c.Node.ID = host
		}
	}
	c.Node.DataDir = Path(absolute(string(c.Node.DataDir), ""))
	if !strings.Contains(c.Sink.URL, "://") {
		folder := absolute(c.Sink.URL, b.sinkBase())
		if folder == "" {
			folder = filepath.Join(string(c.Node.DataDir), "lake")
		}
		c.Sink.URL = (&url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}).String()
	}
	for i := range c.Load {
		if c.Load[i].Path == "" {
			c.Load[i].Path = Path(filepath.Join(string(c.Node.DataDir), "warehouse.duckdb"))
		}
	}
}

// sinkBase is where a sink.url that is a relative path starts from.
func (b *builder) sinkBase() string {
	if s := b.settings["sink.url"]; s != nil && len(s.items) == 1 {
		return s.items[0].base
	}
	return ""
}

func (b *builder) rules() {
	b.ruleNeed()
	b.ruleSecurity()
	b.ruleTLS()
	b.ruleSASL()
	b.ruleRegistry()
	b.ruleTopics()
	b.ruleTimes()
	b.ruleColumns()
	b.ruleUserKey()
	b.ruleLimits()
	b.ruleMemory()
	b.rulePartitions()
	b.ruleServer()
	b.ruleLoad()
}

// usable reports whether none of the paths, nor a section around them, was
// refused.
func (b *builder) usable(paths ...string) bool {
	for _, path := range paths {
		for ; path != ""; path, _ = splitPath(path) {
			if b.failed[path] {
				return false
			}
		}
	}
	return !b.failed[""]
}

// isSet reports whether some layer gives the path a value other than the empty
// text, which is the same as the default. An item of a list of maps has no text
// of its own.
func (b *builder) isSet(path string) bool {
	s := b.settings[path]
	return s != nil && slices.ContainsFunc(s.items, func(item scalar) bool { return item.text != "" || s.field.Type() == "maps" })
}

// place is where the first of paths that some layer names was written.
func (b *builder) place(paths ...string) Place {
	for _, path := range paths {
		if s := b.settings[path]; s != nil {
			return s.place
		}
	}
	if n := len(b.source.Files); n > 0 {
		return Place{File: b.source.Files[n-1]}
	}
	return Place{File: "configuration"}
}

func (b *builder) refuse(rule, format string, args ...any) func(paths ...string) {
	return func(paths ...string) { b.errorf(b.place(paths...), rule, format, args...) }
}

func (b *builder) warn(rule, format string, args ...any) func(paths ...string) {
	return func(paths ...string) {
		b.errorf(b.place(paths...), rule, format, args...)
		b.found[len(b.found)-1].Severity = SeverityWarning
	}
}

func (b *builder) ruleNeed() {
	for _, path := range b.source.Need {
		if !b.isSet(path) && b.usable(path) {
			b.refuse("required", "%s is required and not set", path)(path)
		}
	}
}

// ruleSecurity: nothing in clear text over a network without an explicit word
// (reliability S1).
func (b *builder) ruleSecurity() {
	k := &b.config.Kafka
	if k.TLS.Enabled || k.Insecure || !b.usable("kafka.brokers", "kafka.tls.enabled", "kafka.insecure") {
		return
	}
	i := slices.IndexFunc(k.Brokers, func(a string) bool { return !isLoopback(a) })
	if i < 0 {
		return
	}
	if k.SASL.Mechanism != "" {
		b.refuse("sasl-without-tls", "kafka.sasl would send the password of %s in clear text; set kafka.tls.enabled: true, or kafka.insecure: true to accept that", k.Brokers[i])("kafka.sasl.mechanism")
		return
	}
	b.refuse("plaintext", "%s is another machine and kafka.tls.enabled is false; set kafka.tls.enabled: true, or kafka.insecure: true to accept clear text", k.Brokers[i])("kafka.tls.enabled", "kafka.brokers")
}

func (b *builder) ruleTLS() {
	t := &b.config.Kafka.TLS
	files := []string{"kafka.tls.ca_file", "kafka.tls.cert_file", "kafka.tls.key_file", "kafka.tls.server_name"}
	for _, path := range files {
		if b.isSet(path) && !t.Enabled && b.usable("kafka.tls.enabled") {
			b.refuse("tls-disabled", "%s has no effect while kafka.tls.enabled is false", path)(path)
		}
	}
	if !b.usable(files...) {
		return
	}
	if t.CertFile != "" && t.KeyFile == "" {
		b.refuse("tls-pair", "kafka.tls.cert_file needs kafka.tls.key_file")(files[1])
	}
	if t.KeyFile != "" && t.CertFile == "" {
		b.refuse("tls-pair", "kafka.tls.key_file needs kafka.tls.cert_file")(files[2])
	}
}

func (b *builder) ruleSASL() {
	const at = "kafka.sasl."
	s := &b.config.Kafka.SASL
	if !b.usable(at+"mechanism", at+"password_file", at+"token_file") {
		return
	}
	for _, name := range []string{"username", "password", "password_file", "token_file"} {
		isToken := name == "token_file"
		switch {
		case !b.isSet(at + name):
		case s.Mechanism == "":
			b.refuse("sasl-mechanism", "%s%s has no effect without kafka.sasl.mechanism", at, name)(at + name)
		case isToken != (s.Mechanism == "OAUTHBEARER"):
			b.refuse("sasl-mechanism", "%s%s does not belong to the mechanism %s", at, name, s.Mechanism)(at + name)
		}
	}
	switch s.Mechanism {
	case "":
	case "OAUTHBEARER":
		if s.TokenFile == "" {
			b.refuse("sasl-mechanism", "OAUTHBEARER needs kafka.sasl.token_file")(at + "mechanism")
		}
	default:
		if s.Username == "" {
			b.refuse("sasl-mechanism", "%s needs kafka.sasl.username", s.Mechanism)(at + "mechanism")
		}
		if s.Password.Empty() && s.PasswordFile == "" {
			b.refuse("sasl-mechanism", "%s needs kafka.sasl.password_file or kafka.sasl.password", s.Mechanism)(at + "mechanism")
		}
	}
	b.oneOf(at+"password", at+"password_file")
}

// oneOf refuses a secret that is given twice.
func (b *builder) oneOf(value, file string) {
	if b.isSet(value) && b.isSet(file) {
		b.refuse("both-set", "%s and %s are both set; keep one", value, file)(value)
	}
}

func (b *builder) ruleRegistry() {
	const at = "decode.avro.registry."
	r := &b.config.Decode.Avro.Registry
	b.oneOf(at+"password", at+"password_file")
	if !b.usable(at + "url") {
		return
	}
	for _, name := range []string{"username", "password", "password_file"} {
		if b.isSet(at+name) && r.URL == "" {
			b.refuse("registry-url", "%s%s has no effect without %surl", at, name, at)(at + name)
		}
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "http" || isLoopback(u.Hostname()+":80") {
		return
	}
	if !r.Password.Empty() || r.PasswordFile != "" {
		b.warn("plaintext", "the password of the schema registry goes to %s in clear text; use https", u.Host)(at + "url")
	}
}

func (b *builder) ruleTopics() {
	k := &b.config.Kafka
	inputs := k.Topics.All()
	if len(inputs) == 0 && len(b.source.Need) > 0 {
		b.refuse("no-input", "every topic of kafka.topics is empty; there is nothing to read")("kafka.topics.impressions", "kafka.topics.bids")
	}
	uses := map[string]string{}
	for _, use := range []struct {
		path  string
		names []string
	}{
		{"kafka.topics.bids", k.Topics.Bids}, {"kafka.topics.impressions", k.Topics.Impressions},
		{"kafka.topics.clicks", k.Topics.Clicks}, {"kafka.topics.conversions", k.Topics.Conversions},
		{"kafka.topics.clicks_conversions", k.Topics.ClicksConversions},
		{"kafka.journal", []string{k.Journal}}, {"kafka.segments", []string{k.Segments}}, {"kafka.links", []string{k.Links}},
	} {
		for _, name := range use.names {
			if first, taken := uses[name]; taken && first != use.path && name != "" {
				b.refuse("topic-twice", "topic %q is both %s and %s", name, first, use.path)(use.path, first)
			}
			uses[name] = use.path
		}
	}
	for i, name := range k.Backfill {
		if slices.Contains(inputs, name) || !b.usable("kafka.backfill") {
			continue
		}
		b.errorf(b.settings["kafka.backfill"].items[i].place, "not-an-input", "kafka.backfill: %q is not a topic of kafka.topics%s", name, didYouMean(nearest(name, inputs)))
	}
}

// notAbove is a pair of fields where the first must not exceed the second.
type notAbove struct {
	low, high string
	why       string
	rule      string
}

func (b *builder) ruleTimes() {
	for _, pair := range []notAbove{
		{"kafka.fetch.max_wait", "kafka.timeout.request", "the request would time out while the broker still waits for records", "timeout-order"},
		{"correlate.join_lateness.bid_impression", "correlate.horizons.impressions", "an impression that late is rejected before it could join", "window-order"},
		{"correlate.join_lateness.impression_click", "correlate.horizons.clicks", "a click that late is rejected before it could join", "window-order"},
		{"correlate.join_lateness.view_conversion", "correlate.horizons.conversions", "a conversion that late is rejected before it could join", "window-order"},
		{"correlate.watermark_delay", "correlate.horizons.bids", "an event would be rejected before it counts as late", "window-order"},
		{"correlate.watermark_delay", "correlate.horizons.impressions", "an event would be rejected before it counts as late", "window-order"},
		{"correlate.watermark_delay", "correlate.horizons.clicks", "an event would be rejected before it counts as late", "window-order"},
		{"correlate.watermark_delay", "correlate.horizons.conversions", "an event would be rejected before it counts as late", "window-order"},
		{"correlate.orphan_hold", "correlate.horizons.clicks", "a click would wait longer than its impression may be late", "window-order"},
	} {
		b.ordered(pair)
	}
	w := &b.config.Correlate.Windows
	if w.ClickThrough == 0 && w.ViewThrough == 0 && b.usable("correlate.windows.click_through", "correlate.windows.view_through") {
		b.warn("no-credit", "click_through and view_through are both 0s; no conversion will be attributed")("correlate.windows.click_through")
	}
}

func (b *builder) ordered(pair notAbove) {
	low, high := b.table.byPath[pair.low], b.table.byPath[pair.high]
	l, _ := magnitude(low.bind(&b.config, 0))
	h, _ := magnitude(high.bind(&b.config, 0))
	if low.Type() != high.Type() || l <= h || !b.usable(pair.low, pair.high) {
		return
	}
	b.refuse(pair.rule, "%s %s is above %s %s; %s", pair.low, text(low, &b.config, 0), pair.high, text(high, &b.config, 0), pair.why)(pair.low, pair.high)
}

func (b *builder) ruleColumns() {
	csv := &b.config.Decode.CSV
	for _, list := range []struct {
		path    string
		columns []string
		typed   bool
	}{
		{"decode.csv.clicks_columns", csv.ClicksColumns, false},
		{"decode.csv.conversions_columns", csv.ConversionsColumns, true},
		{"decode.csv.combined_columns", csv.CombinedColumns, true},
	} {
		has := func(names ...string) bool {
			return slices.ContainsFunc(list.columns, func(c string) bool { return slices.Contains(names, strings.ToLower(c)) })
		}
		switch {
		case !b.usable(list.path):
		case !has("event_timestamp", "timestamp", "ts", "click_time", "conversion_time"):
			b.refuse("column-missing", "%s has no column for the time; add event_timestamp", list.path)(list.path)
		case list.typed && !has("conversion_type", "event_type", "event_name"):
			b.refuse("column-missing", "%s has no column for the type; add conversion_type", list.path)(list.path)
		}
	}
}

func (b *builder) ruleUserKey() {
	const at = "correlate.user_key."
	u := &b.config.Correlate.UserKey
	b.oneOf(at+"secret", at+"secret_file")
	switch n := len(u.Secret.Reveal()); {
	case n == 0 && u.SecretFile == "" && len(b.source.Need) > 0:
		b.warn("user-key-unset", "user ids are hashed with a key that everyone knows; set correlate.user_key.secret_file")()
	case n > 0 && n < 16:
		b.warn("user-key-short", "correlate.user_key.secret has fewer than 16 bytes; ids could be found by trying keys")(at + "secret")
	}
}

func (b *builder) ruleLimits() {
	for _, pair := range []notAbove{
		{"limits.record_max_bytes", "limits.in_flight_bytes", "such a record could never be sent to its shard", "limit-order"},
		{"kafka.fetch.max_bytes_partition", "limits.in_flight_bytes", "one answer of a broker would not fit", "limit-order"},
		{"limits.in_flight_bytes", "state.memory_limit", "what is in flight counts towards the memory limit, so lower the first", "limit-order"},
	} {
		b.ordered(pair)
	}
}

func (b *builder) ruleMemory() {
	limit := b.config.State.MemoryLimit
	if b.source.Memory > 0 && limit > b.source.Memory && b.usable("state.memory_limit") {
		b.warn("state-over-ram", "state.memory_limit %s exceeds this machine's %s; the node would be killed before it pushes back", limit, roundSize(b.source.Memory))("state.memory_limit")
	}
}

// roundSize is a size to a tenth of a large unit, for people.
func roundSize(s Size) string {
	tenths := func(unit Size) string {
		return strings.TrimSuffix(strconv.FormatFloat(float64(s)/float64(unit), 'f', 1, 64), ".0")
	}
	switch {
	case s >= GiB:
		return tenths(GiB) + "GiB"
	case s >= MiB:
		return tenths(MiB) + "MiB"
	}
	return s.String()
}

func (b *builder) rulePartitions() {
	by := b.config.Sink.PartitionBy
	if i := slices.Index(by, "hour"); i >= 0 && (i == 0 || by[i-1] != "dt") && b.usable("sink.partition_by") {
		b.refuse("partition-order", "sink.partition_by: hour stands for one day's hour only after dt; write [dt, hour]")("sink.partition_by")
	}
}

// ruleServer: the admin listener has no login of its own, so it stays on this
// machine (reliability S4).
func (b *builder) ruleServer() {
	s := &b.config.Server
	if !b.usable("server.listen", "server.admin") {
		return
	}
	if !isLoopback(s.Admin) {
		b.refuse("admin-exposed", "server.admin %s can be reached from other machines; use 127.0.0.1", s.Admin)("server.admin")
	}
	if s.Listen == s.Admin && !strings.HasSuffix(s.Admin, ":0") {
		b.refuse("same-address", "server.listen and server.admin are both %s", s.Listen)("server.admin", "server.listen")
	}
}

func (b *builder) ruleLoad() {
	paths := map[Path]int{}
	for i, target := range b.config.Load {
		item := b.settings["load"].items[i]
		if target.Target == "" && b.usable(itemPath(i, "target")) {
			b.errorf(item.place, "required", "item %d of load has no target", i+1)
		}
		if first, taken := paths[target.Path]; taken {
			b.errorf(item.place, "load-twice", "items %d and %d of load fill the same file %s", first+1, i+1, target.Path)
		}
		paths[target.Path] = i
	}
}
