package gen

// breakage is how a broken record is broken.
type breakage uint8

const (
	truncated   breakage = iota // cut off
	nuls                        // zero bytes only
	notAvro                     // another format
	badEncoding                 // invalid UTF-8
	badID                       // a float, or a control character
	badTime
	missing // a required field
	badCurrency
	badMoney
	badNumber
	empty
	tombstone
	unclosed  // CSV quote
	shortLine // too few cells
	noSlots   // bid request without imps
)

// reasons are the reject reasons each must lead to, by the rules of events 1.3
// to 1.6.
var reasons = [...]string{
	badEncoding: "BAD_ENCODING", badID: "BAD_ID", badTime: "BAD_TIME", missing: "MISSING_FIELD",
	badCurrency: "BAD_CURRENCY", badMoney: "BAD_MONEY", badNumber: "BAD_NUMBER", empty: "EMPTY", tombstone: "EMPTY",
	unclosed: "BAD_CSV", shortLine: "CSV_ARITY", noSlots: "NO_IMPS", notAvro: "BAD_AVRO",
	truncated: "", nuls: "BAD_JSON", // truncated: depends on the format
}

// What can be broken, by form of record.
var (
	brokenImpressions = []breakage{truncated, nuls, badEncoding, badID, badTime, missing, badCurrency, badMoney, badNumber, empty, tombstone}
	brokenLegacy      = []breakage{truncated, nuls, badEncoding, badID, badTime, missing, empty, tombstone}
	brokenBids        = []breakage{truncated, notAvro, badEncoding, noSlots, empty, tombstone}
	brokenLegacyBids  = []breakage{truncated, empty, tombstone}
	brokenClicks      = []breakage{shortLine, unclosed, badEncoding, badID, badTime, missing, empty, tombstone}
	brokenConversions = []breakage{shortLine, unclosed, badEncoding, badID, badTime, missing, badMoney, badCurrency, empty, tombstone}
	brokenCombined    = []breakage{shortLine, unclosed, badEncoding, badID, badTime, missing, empty, tombstone}
	// Lines among others, or without a header, can only be broken by
	// themselves.
	brokenAmong = []breakage{shortLine, badTime}
)

func (g *Generator) breakOf(it *item) breakage {
	kinds := brokenConversions
	switch {
	case it.kind == kindBid && g.world.legacy:
		kinds = brokenLegacyBids
	case it.kind == kindBid:
		kinds = brokenBids
	case it.kind == kindImpression && g.world.legacy:
		kinds = brokenLegacy
	case it.kind == kindImpression:
		kinds = brokenImpressions
	case it.traits&(flushed|bareLine) != 0:
		kinds = brokenAmong
	case g.world.legacy:
		kinds = brokenCombined
	case it.kind == kindClick:
		kinds = brokenClicks
	}
	return kinds[derive(it.seed, saltBreak)%uint64(len(kinds))]
}

func (g *Generator) breaks(it *item, k breakage) bool {
	return it.fault == broken && g.breakOf(it) == k
}

// reasonOf is why a broken item is rejected.
func (g *Generator) reasonOf(it *item) string {
	k := g.breakOf(it)
	if k != truncated {
		return reasons[k]
	}
	if it.kind == kindBid {
		return "BAD_AVRO"
	}
	return "BAD_JSON"
}

// brokenRecord appends what is not a record at all, or says false: then it is
// rendered as usual, with something wrong in it.
func (g *Generator) brokenRecord(b []byte, it *item) ([]byte, bool) {
	switch g.breakOf(it) {
	case empty, tombstone:
		return b, true
	case nuls:
		return append(b, make([]byte, 40)...), true
	case notAvro:
		return append(b, `{"auction_id":"in the wrong format"}`...), true
	case truncated:
		if it.kind == kindBid {
			b = g.bidRequest(b, it)
		} else {
			b = g.impression(b, it)
		}
		return b[:len(b)-20], true
	}
	if it.kind == kindImpression {
		return g.brokenImpression(b, it), true
	}
	return b, false
}

// brokenImpression has the required fields and one that is wrong.
func (g *Generator) brokenImpression(b []byte, it *item) []byte {
	b = append(appendUUID(append(b, `{"impression_id":"`...), it.seed, saltID), '"')
	k := g.breakOf(it)
	if k == badTime {
		b = append(b, `,"timestamp":"yesterday"`...)
	} else {
		b = append(appendTime(append(b, `,"timestamp":"`...), it.event, zulu), '"')
	}
	if k != missing {
		b = append(append(append(b, `,"creative_id":"`...), g.world.creatives[it.creative].id...), '"')
	}
	switch k {
	case badEncoding:
		b = append(b, `,"website":"site.example/`+"\xff\xfe"+`"`...)
	case badID:
		b = append(b, `,"user_id":1.5`...)
	case badCurrency:
		b = append(b, `,"currency":"ZZZ"`...)
	case badMoney:
		b = append(b, `,"price":"-5"`...)
	case badNumber:
		b = append(b, `,"quantity":"0"`...)
	}
	return append(b, '}')
}

// brokenLine is one CSV line with one thing wrong, without its line end.
func (g *Generator) brokenLine(b []byte, it *item) []byte {
	k := g.breakOf(it)
	if k == unclosed {
		b = append(b, '"')
	}
	if k == badTime {
		b = append(b, "the other day,"...)
	} else {
		b = append(appendTime(b, it.event, zulu), ',')
	}
	columns := 13
	switch {
	case g.world.legacy:
		columns = 4
	case it.traits&bareLine != 0 && it.kind == kindClick:
		columns = 3
	case it.traits&bareLine != 0:
		columns = 4
	}
	if k == shortLine {
		return append(b, "u-1"...) // two cells are too few everywhere
	}
	withUser := k != missing || it.kind != kindClick || g.world.legacy
	switch {
	case k == badID:
		b = append(b, "u-\x01"...)
	case withUser:
		b = append(b, "u-1"...)
	}
	if columns == 3 {
		return append(b, ",cmp-1"...)
	}
	b = append(b, ",cmp-1,"...)
	if k == badEncoding {
		b = append(b, "\xff\xfe"...)
	} else if k != missing {
		b = append(b, "purchase"...) // a creative id, where it is a click
	}
	if columns == 4 {
		return b
	}
	switch {
	case k == badMoney:
		return append(b, ",,,,,,-3.50,USD,,"...)
	case k == badCurrency:
		return append(b, ",,,,,,3.50,ZZZ,,"...)
	}
	return append(b, ",,,,,,,,,"...)
}
