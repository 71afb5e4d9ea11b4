package event

import (
	"math/big"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func micros(t *testing.T, text string) Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return TimeOf(at)
}

func TestN2_TimesThatCanBeRead(t *testing.T) {
	const at = "2023-11-14T22:13:20.123456Z"
	for text, want := range map[string]string{
		"2023-11-14T22:13:20.123456Z":           at,
		"2023-11-14t22:13:20.123456z":           at,
		"2023-11-14 22:13:20.123456":            at,
		"2023-11-14T22:13:20.1234569999":        at,
		"2023-11-15T03:43:20.123456+05:30":      at,
		"2023-11-14T22:13:20.123456-00:00":      at,
		"1700000000.123456":                     at,
		"1700000000123.4569":                    at,
		"1700000000123456":                      at,
		"1700000000123456.9":                    at,
		"1700000000123456789":                   at,
		"1700000000123456789.5":                 at,
		"0001700000000.123456":                  at,
		"2023-11-14T22:13:20":                   "2023-11-14T22:13:20Z",
		"1700000000":                            "2023-11-14T22:13:20Z",
		"2024-02-29T00:00:00Z":                  "2024-02-29T00:00:00Z",
		"2000-02-29T00:00:00Z":                  "2000-02-29T00:00:00Z",
		"0001-01-01T00:00:00Z":                  "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999Z":           "9999-12-31T23:59:59.999999Z",
		"1969-12-31T23:59:59.9999999Z":          "1969-12-31T23:59:59.999999Z",
		"-1":                                    "1969-12-31T23:59:59Z",
		"-1.5":                                  "1969-12-31T23:59:58.5Z",
		"-0.0000019":                            "1969-12-31T23:59:59.999999Z",
		"0":                                     "1970-01-01T00:00:00Z",
		"99999999999":                           "5138-11-16T09:46:39Z", // 1e11 - 1 is seconds
		"100000000000":                          "1973-03-03T09:46:40Z", // 1e11 is milliseconds
		"99999999999999":                        "5138-11-16T09:46:39.999Z",
		"100000000000000":                       "1973-03-03T09:46:40Z", // 1e14 is microseconds
		"99999999999999999":                     "5138-11-16T09:46:39.999999Z",
		"100000000000000000":                    "1973-03-03T09:46:40Z", // 1e17 is nanoseconds
		"253402300799999999999":                 "9999-12-31T23:59:59.999999Z",
		"1700000000." + strings.Repeat("9", 40): "2023-11-14T22:13:20.999999Z",
	} {
		got, ok := ParseTime(text, nil)
		if !ok || got != micros(t, want) {
			t.Errorf("%s: %s %t, want %s", text, got.UTC().Format(time.RFC3339Nano), ok, want)
		}
	}
}

func TestN2_TimesThatCannot(t *testing.T) {
	for _, text := range []string{
		"", " ", "-", ".", "1.", ".5", "1e9", "+1", "0x10", "1700000000 ", "nan", "1,5",
		"2023-11-14", "2023-11-14T22:13", "2023-11-14T22:13:60Z", "2023-11-14T24:00:00Z", "2023-11-14T22:60:00Z",
		"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2023-04-31T00:00:00Z", "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z",
		"2023-01-00T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+0530", "2023-11-14T22:13:20+05", "2023-11-14T22:13:20+24:00",
		"2023-11-14T22:13:20 Z", "2023-11-14X22:13:20Z", "20231114T221320Z00000", "2023-11-14T22:13:20ZZ", "-023-11-14T22:13:20Z",
		"253402300800000000000", "-62135596801", "9999999999999999999999", "2023-11-14T2２:13:20Z",
	} {
		if got, ok := ParseTime(text, nil); ok {
			t.Errorf("%q is read as %s", text, got.UTC())
		}
	}
}

func TestN2_NaiveTimesAroundAClockChange(t *testing.T) {
	for _, test := range []struct{ zone, text, want string }{
		{"Europe/Berlin", "2026-01-15 12:00:00", "2026-01-15T11:00:00Z"},
		{"Europe/Berlin", "2026-07-15 12:00:00", "2026-07-15T10:00:00Z"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"},    // twice: the earlier
		{"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24T23:59:59Z"},    // once, just before
		{"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z"},    // once, just after
		{"Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z"},    // never: the offset before, +1
		{"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T01:00:00Z"},    // the first after the gap
		{"America/New_York", "2026-11-01 01:30:00", "2026-11-01T05:30:00Z"}, // twice, west of UTC
		{"America/New_York", "2026-03-08 02:30:00", "2026-03-08T07:30:00Z"}, // never, west of UTC
		{"Asia/Kathmandu", "2026-03-08 00:00:00.5", "2026-03-07T18:15:00.5Z"},
		{"Europe/Berlin", "2026-07-15 12:00:00Z", "2026-07-15T12:00:00Z"}, // an offset is no naive time
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ParseTime(test.text, zone)
		if !ok || got != micros(t, test.want) {
			t.Errorf("%s in %s: %s %t, want %s", test.text, test.zone, got.UTC().Format(time.RFC3339Nano), ok, test.want)
		}
	}
}

// TestN2_AgreesWithTheTimePackage compares with time.Parse over all days.
func TestN2_AgreesWithTheTimePackage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(firstSecond*1_000_000, lastSecond*1_000_000).Draw(t, "us")).UTC()
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "zone"))
		text := at.In(zone).Format("2006-01-02T15:04:05.999999Z07:00")
		want, err := time.Parse(time.RFC3339, text)
		got, ok := ParseTime(text, nil)
		if in := at.In(zone); in.Year() < 1 || in.Year() > 9999 {
			return
		}
		if err != nil || !ok || got != TimeOf(want) {
			t.Fatalf("%s: %v %t, want %v %v", text, got, ok, TimeOf(want), err)
		}
	})
}

func TestN1_IDs(t *testing.T) {
	long := strings.Repeat("a", 128)
	for text, want := range map[string]string{
		"": "", "0": "", "-1": "", "null": "", "NULL": "", "None": "", "undefined": "", "UnDefined": "", "AUDIT": "",
		"00000000-0000-0000-0000-000000000000": "", "000": "", "-0": "", "0-0": "",
		"${AUCTION_ID}": "", "x${a": "", "%%CACHEBUSTER%%": "", "{{id}}": "", strings.Repeat("x", 500) + "${A}": "",
		"-": "-", "--": "--", "1": "1", "-2": "-2", "audit": "audit", "01": "01", "nul": "nul", "nulls": "nulls",
		"$a": "$a", "a{b}": "a{b}", "50%": "50%", " 0": " 0", "00000000-0000-0000-0000-000000000001": "00000000-0000-0000-0000-000000000001",
		long: long, "ключ": "ключ", "a b": "a b",
	} {
		got, audit, why := CleanID(text)
		if got != want || why != NotRejected || audit != (text == "AUDIT") {
			t.Errorf("%q: %q %t %s, want %q", text, got, audit, why, want)
		}
	}
	for text, want := range map[string]Reason{
		long + "a": BadID, "a\x00b": BadID, "abcdefghijkl\n": BadID, "\x7f": BadID, "a\tb": BadID,
		"\xff": BadEncoding, "abcdefghijklmn\xc3": BadEncoding,
	} {
		if _, _, why := CleanID(text); why != want {
			t.Errorf("%q: %s, want %s", text, why, want)
		}
	}
}

func TestN4_Money(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "2.10": 2_100_000, "+2.1": 2_100_000, "-2.1": -2_100_000, "1e3": 1_000_000_000, "1E-6": 1, "1.5e+1": 15_000_000,
		"0.0000005": 0, "0.0000015": 2, "0.0000025": 2, "0.00000250": 2, "0.00000251": 3, "0.0000024999": 2, "-0.0000015": -2,
		"1000000": 1_000_000_000_000, "0.9999995": 1_000_000, ".5": 500_000, "5.": 5_000_000, "007": 7_000_000,
		"1e-7": 0, "6e-7": 1, "5e-7": 0, "1e-99999999999": 0, "0e99999999999": 0, "0.000": 0,
		"100000000000000000000e-20": 1_000_000, "0." + strings.Repeat("0", 5000) + "1": 0,
	} {
		if got, ok := ParseMicros(text, MaxPriceMicros); !ok || got != want {
			t.Errorf("%.30q: %d %t, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "1,5", " 1", "1 ", "0x1", "NaN", "Inf", "1_000",
		"1000000.000001", "1000000.0000005000001", "1e7", "1e99999999999", "9999999999999999999999", "--1", "1e5.5", "١"} {
		if got, ok := ParseMicros(text, MaxPriceMicros); ok {
			t.Errorf("%q is read as %d", text, got)
		}
	}
	// Half to even at the limit itself rounds down to it.
	if got, ok := ParseMicros("1000000.0000005", MaxPriceMicros); !ok || got != MaxPriceMicros {
		t.Error(got, ok)
	}
}

// TestN4_AgreesWithRationals rounds with math/big.
func TestN4_AgreesWithRationals(t *testing.T) {
	shape := rapid.StringMatching(`-?[0-9]{1,8}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		text := shape.Draw(t, "text")
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatal(text)
		}
		want := roundHalfEven(exact.Mul(exact, big.NewRat(1_000_000, 1)))
		inRange := want.CmpAbs(big.NewInt(MaxValueMicros)) <= 0
		got, ok := ParseMicros(text, MaxValueMicros)
		if ok != inRange || ok && want.Cmp(big.NewInt(got)) != 0 {
			t.Fatalf("%s: %d %t, want %s %t", text, got, ok, want, inRange)
		}
	})
}

func roundHalfEven(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(r.Num(), 1)
	twice.Add(twice, r.Denom())
	den := new(big.Int).Lsh(r.Denom(), 1)
	q, m := new(big.Int).DivMod(twice, den, new(big.Int)) // floor(r + 1/2)
	if m.Sign() == 0 && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

func TestParseInt(t *testing.T) {
	for _, test := range []struct {
		text         string
		n            int64
		readable, ok bool
	}{
		{"0", 0, true, true}, {"-5", -5, true, true}, {"10", 10, true, true}, {"007", 7, true, true}, {"11", 11, true, false},
		{"-6", -6, true, false}, {"99999999999999999999", 0, true, false}, {"", 0, false, false}, {"-", 0, false, false},
		{"1.0", 0, false, false}, {"1e1", 0, false, false}, {"+1", 0, false, false}, {" 1", 0, false, false},
	} {
		n, readable, ok := ParseInt(test.text, -5, 10)
		if readable != test.readable || ok != test.ok || ok && n != test.n {
			t.Errorf("%q: %d %t %t", test.text, n, readable, ok)
		}
	}
}

func TestN6_Sites(t *testing.T) {
	for website, want := range map[string][2]string{
		"news.example":                           {"news.example", ""},
		"https://www.News.Example:443/a/B?x=1#y": {"news.example", "/a/B"},
		"https://user:pw@news.example/":          {"news.example", ""},
		"news.example/?u=http://other.example/":  {"news.example", ""},
		"news.example#x":                         {"news.example", ""},
		"http://news.example?x":                  {"news.example", ""},
		"http://news.example//":                  {"news.example", "//"},
		"www.www.example":                        {"www.example", ""},
		"WWW.example/":                           {"example", ""},
		"app+x://com.game/level":                 {"com.game", "/level"},
		"http://[2001:DB8::1]:8080/x":            {"[2001:db8::1]", "/x"},
		"http://[2001:db8::1]/x":                 {"[2001:db8::1]", "/x"},
		"host:/x":                                {"host", "/x"},
		"ÄRZTE.example/Ä":                        {"ärzte.example", "/Ä"},
		"":                                       {"", ""},
		"/path":                                  {"", "/path"},
		"a@b@c.example":                          {"c.example", ""},
		"1a://x":                                 {"1a", "//x"},
	} {
		if host, path := SplitSite(website); host != want[0] || path != want[1] {
			t.Errorf("%q: %q %q, want %q", website, host, path, want)
		}
	}
}

func TestN7_Countries(t *testing.T) {
	for text, want := range map[string]string{"DEU": "DEU", "deu": "DEU", "DE": "DEU", "de": "DEU", "us": "USA", "GB": "GBR",
		"UK": "", "XX": "", "ZZZ": "", "": "", "D": "", "DEUT": "", "D1": "", "D\xc5": "", "EZ": "", "SGS": "SGS", "wsm": "WSM"} {
		if got := Country(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if n := len(strings.Fields(countryPairs)); n != 249 {
		t.Errorf("%d countries, ISO 3166-1 has 249", n)
	}
}

func TestN5_Currencies(t *testing.T) {
	for text, want := range map[string]string{"USD": "USD", "eur": "EUR", "Jpy": "JPY", "XCG": "XCG"} {
		if got, ok := Currency(text); !ok || got != want {
			t.Errorf("%q: %q %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "US", "USDT", "ABC", "U D", "D\xc5M", "123"} {
		if got, ok := Currency(text); ok {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestN17_ConversionTypes(t *testing.T) {
	for text, want := range map[string]string{"purchase": "purchase", "SignUp": "sign_up", "sign-up": "sign_up", "sign_up": "sign_up",
		"visit": "page_view", "Custom.Goal-7": "custom.goal-7", strings.Repeat("x", 64): strings.Repeat("x", 64)} {
		if got, ok := ConversionType(text); !ok || got != want {
			t.Errorf("%q: %q %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "two words", "ä", strings.Repeat("x", 65), "a\n", "a/b", "\u212a"} {
		if got, ok := ConversionType(text); ok {
			t.Errorf("%q is %q", text, got)
		}
	}
}
