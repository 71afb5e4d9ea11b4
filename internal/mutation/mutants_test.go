package mutation

// Files that hold most rules.
const (
	admit       = "actors/correlate/admit.go"
	verdict     = "actors/correlate/fact/verdict.go"
	wins        = "actors/correlate/wins.go"
	clicks      = "actors/correlate/journey/clicks.go"
	conversions = "actors/correlate/journey/conversions.go"
	credits     = "actors/correlate/journey/credits.go"
	resolve     = "actors/correlate/journey/resolve.go"
	weights     = "actors/correlate/credit/credit.go"

	core  = "./actors/correlate"
	split = "./actors/correlate/credit ./actors/correlate"
)

// mutants break each rule once or more.
var mutants = []mutant{
	{"T1", "rejects a record 24 h ahead and no more", admit, "ahead > set.FutureReject", "ahead >= set.FutureReject", core},
	{"T1", "clamps a record exactly 5 min ahead", admit, "e.EventTime.Sub(e.Ingest) > s.cfg.Settings.FutureClamp", "e.EventTime.Sub(e.Ingest) >= s.cfg.Settings.FutureClamp", core},
	{"T1", "says nothing of a clamp", admit, "e.Flags |= event.ClockFuture", "e.Flags |= 0", core},
	{"T2", "rejects a record at its horizon", admit, "age > set.Horizon.Of(k) && !e.Backfill", "age >= set.Horizon.Of(k) && !e.Backfill", core},
	{"T2", "applies to backfill", admit, "age > set.Horizon.Of(k) && !e.Backfill", "age > set.Horizon.Of(k)", core},
	{"T6", "a click at its lateness takes no join", clicks, "if e.Ingest.Sub(e.EventTime) > r.env.Settings.ClickLateness {\n\t\treturn match", "if e.Ingest.Sub(e.EventTime) >= r.env.Settings.ClickLateness {\n\t\treturn match", core},
	{"T6", "a late conversion takes views", conversions, "age > set.ViewLateness || d < 0", "d < 0", core},
	{"D1", "the later of two conflicting records is the fact", verdict, "at1 < at2 || at1 == at2 && print1 < print2", "at1 < at2 || at1 == at2 && print1 > print2", core},
	{"D1", "an exact repeat is a conflict", verdict, "case seen[print[i]]:", "case false && seen[print[i]]:", core},
	{"D2", "a conflict names another fact", verdict, "Fact: print[fact]", "Fact: print[i]", "./actors/correlate/fact"},
	{"D3", "a reuse begins at the horizon, not beyond it", verdict, "at[i].Sub(at[fact]) > horizon", "at[i].Sub(at[fact]) >= horizon", core},
	{"D3", "the horizon is counted from the first fact for ever", verdict, "\t\t\tfact = i\n", "", core},
	{"D3", "the key of a reuse is that of the first", verdict, "Reused: reused || i > 0", "Reused: reused", core},
	{"D4", "an order is taken for longer than its horizon", conversions, "c.e.EventTime.Sub(at) <= r.env.Settings.OrderHorizon", "c.e.EventTime.Sub(at) >= 0", core},
	{"D4", "the last conversion of an order wins", conversions, "c.dup = taken &&", "c.dup = !taken && at > 0 &&", core},
	{"D4", "an order is shared by all conversion types", conversions, "k := order{c.advertiser, c.e.Type, c.e.OrderID}", "k := order{c.advertiser, \"\", c.e.OrderID}", core},
	{"D5", "a click exactly a refractory period later is a repeat", clicks, "Sub(last) < settings.Windows.ClickRefractory", "Sub(last) <= settings.Windows.ClickRefractory", core},
	{"D5", "a repeat click resets the period", clicks, "\t\tif c.match.codes&codeRepeat != 0 {\n\t\t\tcontinue\n\t\t}\n\t\taccepted[k] = c.e.EventTime", "\t\taccepted[k] = c.e.EventTime\n\t\tif c.match.codes&codeRepeat != 0 {\n\t\t\tcontinue\n\t\t}", core},
	{"D6", "the cap lets one more through", clicks, "taken[id] > limit", "taken[id] > limit+1", core},
	{"J1", "an impression at the end of the bid window is no win", wins, "at.Sub(bc.at[k]) <= s.bidWindow", "at.Sub(bc.at[k]) < s.bidWindow", core},
	{"J1", "the lowest price wins", wins, "a.Price > b.Price ||", "a.Price < b.Price ||", core},
	{"J1", "an ambiguous bid is not marked", wins, "best.flags |= event.AmbiguousBid", "best.flags |= 0", core},
	{"J1", "the campaign is asked before the creative", wins, "{methodCreative, creative != \"\", func(o *offer) bool { return o.Creative == creative }}", "{methodCreative, creative != \"\", func(o *offer) bool { return o.Campaign == campaign }}", core},
	{"W", "exp_s gives half its window", wins, "max(2*event.Span(seconds)*event.Second, event.Minute)", "max(event.Span(seconds)*event.Second, event.Minute)", core},
	{"J2", "a user match takes the earliest impression", clicks, "v.At > best.At || v.Viewable", "v.At < best.At || v.Viewable", core},
	{"J2", "a user match takes an invalid impression", clicks, "\t\tif !v.Valid {\n\t\t\tinvalid = true\n\t\t\tcontinue\n\t\t}", "\t\tif !v.Valid {\n\t\t\tinvalid = true\n\t\t}", core},
	{"J2", "an id match goes beyond the join window", clicks, "d < -r.env.Settings.InversionMax || d > r.joinWindow(v, e.EventTime)", "d < -r.env.Settings.InversionMax", core},
	{"J2", "the auction is not looked at", clicks, "if e.AuctionID != \"\" {", "if false {", core},
	{"J4", "another campaign is not marked", clicks, "flags |= event.CampaignMismatch", "flags |= 0", core},
	{"J5", "a click 60 s before its impression is no match", clicks, "if d < -r.env.Settings.InversionMax || d > r.join", "if d <= -r.env.Settings.InversionMax || d > r.join", core},
	{"J5", "an inversion of exactly 2 s is marked", clicks, "Sub(v.At) < -r.env.Settings.ClockTolerance", "Sub(v.At) <= -r.env.Settings.ClockTolerance", core},
	{"J6", "an orphan is written at once", clicks, "c.match.matched() || c.wrote.there || r.env.Watermark >= c.hold", "true", core},
	{"J6", "no keys is no parent", clicks, "reason: orphanNoKeys", "reason: orphanNone", core},
	{"A1", "every campaign is in scope", conversions, "return advertiser == s.key", "return true", core},
	{"A2", "an invalid click is a touch", conversions, "d < 0 && f != named || !f.valid() ||", "d < 0 && f != named ||", core},
	{"A2", "a view at the end of its window is no touch", conversions, "w > 0 && d <= w && !(settings", "w > 0 && d < w && !(settings", core},
	{"A2", "a click at the end of its window is no touch", conversions, "window > 0 && d <= window", "window > 0 && d < window", core},
	{"A3", "a later view beats a click", conversions, "both || lastClick < 0 || all[i].click", "both || lastClick < 0 || all[i].click || true", core},
	{"A4", "the named click is a click like others", conversions, "case c.path.click > 0:\n\t\tend = c.path.click - 1", "case false:\n\t\tend = c.path.click - 1", core},
	{"A4", "an unresolved click id is not marked", conversions, "p.unresolved = c.e.ClickID != \"\" && p.click == 0", "p.unresolved = false", core},
	{"A5", "position_based gives the ends a third", weights, "w[0], w[n-1] = int64(2*(n-2)), int64(2*(n-2))", "w[0], w[n-1] = int64(n-2), int64(n-2)", split},
	{"A5", "time_decay halves twice as fast", weights, "math.Exp2(-seconds/half)", "math.Exp2(-2*seconds/half)", split},
	{"A6", "ties go to the earlier touch", weights, "cmp.Compare(b.touch, a.touch)", "cmp.Compare(a.touch, b.touch)", split},
	{"A6", "a negative value gives positive parts", weights, "parts[i] = -parts[i]", "parts[i] = +parts[i]", split},
	{"A6", "the value is split by the rounded parts", credits, "value := credit.Split(nil, c.value, weights)\n\t\tfor i := range c.credited", "value := credit.Split(nil, c.value, ppm)\n\t\tfor i := range c.credited", core},
	{"A7", "a view outranks a click of the same time", conversions, "cmp.Compare(fact.Bit(a.click), fact.Bit(b.click))", "cmp.Compare(fact.Bit(b.click), fact.Bit(a.click))", core},
	{"A8", "a duplicate order has no touch", credits, "row.Reason = \"DUP_ORDER\"", "row.Reason = \"NO_TOUCH\"", core},
	{"A9", "the last touch assists itself", credits, "seen := map[string]bool{c.last().campaign: true}", "seen := map[string]bool{}", core},
	{"V2", "a view that was measured as not viewable qualifies", conversions, "settings.VTRequiresViewable && v.Viewable == event.False", "settings.VTRequiresViewable && false", core},
	{"V3", "views are counted as clicks", credits, "if last.click {\n\t\t\tcount, value", "if true {\n\t\t\tcount, value", core},
	{"W", "a path loses its first touch", conversions, "slices.Delete(c.credited, 1, len(c.credited)-limit+1)", "slices.Delete(c.credited, 0, len(c.credited)-limit)", core},
	{"C1", "ONE counts each type together", conversions, "return countKey{last.click, last.lent, last.id, c.e.Type}", "return countKey{last.click, last.lent, last.id, \"\"}", core},
	{"C2", "a retraction keeps the value", conversions, "\t\t\tc.value = 0\n", "", core},
	{"C2", "the first adjustment decides", conversions, "bytes.Compare(a.e.Print[:], b.e.Print[:]),\n\t) > 0", "bytes.Compare(a.e.Print[:], b.e.Print[:]),\n\t) < 0", core},
	{"C2", "an adjustment applies to a later original", conversions, "if c.dup || c.e.EventTime > a.EventTime {", "if c.dup {", core},
	{"C2", "an adjustment without an original is a fact", conversions, "case a.outcome == adjustOrphan && final:", "case false:", core},
	{"I1", "test traffic is valid", conversions, "func (c *convFact) valid() bool { return !c.e.Test }", "func (c *convFact) valid() bool { return true }", core},
	{"PARENT_IVT", "a click on an invalid impression is valid", clicks, "c.match.codes |= codeParent", "c.match.codes |= 0", core},
	{"X2", "credits that vanish stay", credits, "r.deleteCredits(c.key, &c.e, w.touches, now)", "_ = now", core},
	{"T7", "a click is forgotten a horizon too early", resolve, "held := max(e.Longest.ClickThrough(c.campaign)+set.Horizon.Conversion, set.Conflict.Click+set.Horizon.Click)", "held := set.Conflict.Click + set.Horizon.Click", core},
	{"X4", "a minute is let go while it can be credited", "actors/campaign/shard.go", "cfg.Held = 215 * event.Day", "cfg.Held = 35 * event.Day", "./actors/campaign"},
	{"X3", "a minute is let go at every cut", "actors/campaign/cut.go", "func (s *Shard) left(end event.Time) bool { return s.settled >= end.Add(s.cfg.Held) }", "func (s *Shard) left(end event.Time) bool { return true }", "./actors/campaign"},
}
