package oracle

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"github.com/advertisex/adjoin/internal/event"
)

func TestN1_IDs(t *testing.T) {
	for _, absent := range []string{
		"", "0", "-1", "00", "-0", "0-0", "00000000-0000-0000-0000-000000000000", "null", "NULL", "None", "undefined",
		"AUDIT", "${USER}", "a{{b", "x%%y", strings.Repeat("0", 300),
	} {
		if id, ok := cleanID(value{text, absent}); id != "" || !ok {
			t.Errorf("%q: got %q %v, want absent", absent, id, ok)
		}
	}
	for _, fine := range []string{"a", " a ", "-", "--", "1", "-2", "audit", "nil", "$x", strings.Repeat("x", 128), "Ä", "0x0"} {
		if id, ok := cleanID(value{text, fine}); id != fine || !ok {
			t.Errorf("%q: got %q %v", fine, id, ok)
		}
	}
	for _, bad := range []value{
		{text, strings.Repeat("x", 129)}, {text, "a\x00"}, {text, "a\x7f"}, {text, "a\tb"},
		{number, "1.0"}, {number, "1e3"}, {floating, "5"}, {boolean, "true"}, {composite, ""},
	} {
		if _, ok := cleanID(bad); ok {
			t.Errorf("%+v is an id", bad)
		}
	}
	if id, ok := cleanID(value{number, "9007199254740993"}); id != "9007199254740993" || !ok {
		t.Errorf("integer above 2^53: %q %v", id, ok)
	}
	if id, ok := cleanID(value{number, "0"}); id != "" || !ok {
		t.Errorf("number 0: %q %v", id, ok)
	}
}

func TestN2_Times(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	utc := func(text string) event.Time {
		d, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return event.TimeOf(d)
	}
	for text, want := range map[string]event.Time{
		"0":                                     0,
		"1772445600":                            1772445600_000_000,
		"1772445600.1234567":                    1772445600_123_456,
		"1772445600123":                         1772445600_123_000,
		"1772445600123.4":                       1772445600_123_400,
		"1772445600123456":                      1772445600_123_456,
		"1772445600123456789":                   1772445600_123_456,
		"99999999999":                           99999999999_000_000,
		"100000000000":                          100000000_000_000,
		"-1.5":                                  -1_500_000,
		"2026-03-02T10:00:00Z":                  utc("2026-03-02T10:00:00Z"),
		"2026-03-02t10:00:00.1234569z":          utc("2026-03-02T10:00:00.123456Z"),
		"2026-03-02 10:00:00+05:30":             utc("2026-03-02T04:30:00Z"),
		"2026-03-02T10:00:00.5-00:30":           utc("2026-03-02T10:30:00.5Z"),
		"2026-03-02 10:00:00":                   utc("2026-03-02T09:00:00Z"), // Berlin, winter
		"2026-07-02T10:00:00.25":                utc("2026-07-02T08:00:00.25Z"),
		"2026-10-25 02:30:00":                   utc("2026-10-25T00:30:00Z"), // twice: the earlier
		"2026-03-29 02:30:00":                   utc("2026-03-29T01:30:00Z"), // never: +01:00, before the change
		"2024-02-29T00:00:00Z":                  utc("2024-02-29T00:00:00Z"),
		"9999-12-31T23:59:59.999999Z":           utc("9999-12-31T23:59:59.999999Z"),
		"2026-03-02T10:00:00.00000000000000001": utc("2026-03-02T09:00:00Z"),
	} {
		got, ok := parseTime(text, berlin)
		if !ok || got != want {
			t.Errorf("%q: got %v %v, want %v", text, got.UTC(), ok, want.UTC())
		}
	}
	for _, bad := range []string{
		"", "2026-03-02", "2026-02-29T00:00:00Z", "2026-03-02T10:00:60Z", "2026-03-02T24:00:00Z", "0000-01-01T00:00:00Z",
		"2026-3-02T10:00:00Z", "2026-03-02T10:00Z", "2026-03-02T10:00:00+0530", "2026-03-02T10:00:00,5Z", "1e9", "now",
		"2026-03-02T10:00:00.Z", " 1772445600", "2026-03-02T10:00:00+24:00", "99999999999999999999999", "9999-12-31T23:59:59-01:00",
	} {
		if got, ok := parseTime(bad, berlin); ok {
			t.Errorf("%q is read as %v", bad, got.UTC())
		}
	}
}

func TestN4_Decimals(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "2.10": 2_100_000, "+1": 1_000_000, "1e3": 1_000_000_000, "1.5E-3": 1500, ".5": 500_000, "5.": 5_000_000,
		"0.0000005": 0, "0.0000015": 2, "0.0000025": 2, "0.00000250000001": 3, "-0.0000015": -2,
		"1e-999999999": 0, "0e999999999": 0, "1e999999999": 1<<63 - 1, "-1e99999999999999999999": -1 << 63,
		"0.000000000000000000000000000000000000001e39": 1_000_000,
	} {
		if got, ok := parseE6(text); !ok || got != want {
			t.Errorf("%q: got %d %v, want %d", text, got, ok, want)
		}
	}
	for _, bad := range []string{"", ".", "1,5", "0x10", "1e", "NaN", "1 ", "--1", "1_000", "Inf"} {
		if _, ok := parseE6(bad); ok {
			t.Errorf("%q is a decimal", bad)
		}
	}
}

func TestN6_Sites(t *testing.T) {
	for text, want := range map[string][2]string{
		"https://www.Example.com/Path?q#f":      {"example.com", "/Path"},
		"example.com":                           {"example.com", ""},
		"example.com/":                          {"example.com", ""},
		"HTTP://user:pw@WWW.example.com:8080/a": {"example.com", "/a"},
		"www.www.example.com":                   {"www.example.com", ""},
		"example.com?x=http://y/z":              {"example.com", ""},
		"example.com#a/b":                       {"example.com", ""},
		"https://[::1]:80/x":                    {"[::1]", "/x"},
		"//example.com/a":                       {"", "//example.com/a"},
		"android-app://com.app/x":               {"com.app", "/x"},
	} {
		site, path := splitSite(text)
		if got := [2]string{site, path}; got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestN5N7_CodesAgreeWithAnIndependentList(t *testing.T) {
	// What came after the library's list.
	later := codeSet("VED VES SLE ZWG XAD XCG MRU UYW")
	for code := range currencies {
		if _, err := currency.ParseISO(code); err != nil && !later[code] {
			t.Errorf("currency %s: %v", code, err)
		}
	}
	alpha3 := map[string]bool{}
	for code, three := range countryCodes {
		alpha3[three] = true
		region, err := language.ParseRegion(code)
		if err != nil || region.ISO3() != three {
			t.Errorf("country %s: %v %v, want %s", code, region, err, three)
		}
	}
	same(t, "countries", len(alpha3), 249)
}
