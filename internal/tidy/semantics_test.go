package tidy

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// ruleHeading is the heading of a numbered rule: "### D1. The first in the
// order is the fact".
var ruleHeading = regexp.MustCompile(`(?m)^#+ ((?:R-)?[A-Z][A-Z0-9_]*[a-z]?(?:\.[0-9]+)?)\. .*$`)

// pageLink is a link of a page: its text, its file, its heading.
var pageLink = regexp.MustCompile(`\[([^\[\]]*)\]\(([^()#\s]*)(?:#([^()\s]*))?\)`)

// rulePages are the pages with numbered rules, and the page about tests.
func rulePages(root fs.FS) (map[string]string, error) {
	names, err := fs.Glob(root, "docs/semantics/*.md")
	if err != nil {
		return nil, err
	}
	pages := map[string]string{}
	for _, name := range append(names, "docs/semantics.md", "docs/testing.md") {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		pages[name] = string(text)
	}
	return pages, nil
}

// checkRulePages: every rule has its number to itself and ends with the tests
// that hold it, and every link leads somewhere.
func checkRulePages(root fs.FS) (rules map[string]string, faults []string, err error) {
	pages, err := rulePages(root)
	if err != nil {
		return nil, nil, err
	}
	rules = map[string]string{}
	for name, text := range pages {
		at := ruleHeading.FindAllStringSubmatchIndex(text, -1)
		for _, m := range at {
			rule := text[m[2]:m[3]]
			if other, twice := rules[rule]; twice {
				faults = append(faults, fmt.Sprintf("%s: rule %s is also in %s", name, rule, other))
			}
			rules[rule] = name
			body, _, _ := strings.Cut(text[m[1]:], "\n#")
			blocks := strings.Split(strings.TrimSpace(body), "\n\n")
			last := blocks[len(blocks)-1]
			if !strings.HasPrefix(last, "Tests: ") || !pageLink.MatchString(last) {
				faults = append(faults, fmt.Sprintf("%s: rule %s does not end with a line \"Tests: [name](file)\"; link the test that holds it, or write one", name, rule))
			}
			if len(blocks) < 2 {
				faults = append(faults, fmt.Sprintf("%s: rule %s says nothing", name, rule))
			}
		}
		for _, m := range pageLink.FindAllStringSubmatch(text, -1) {
			if fault := followLink(root, name, m[1], m[2], m[3]); fault != "" {
				faults = append(faults, name+": "+fault)
			}
		}
	}
	slices.Sort(faults)
	return rules, faults, nil
}

// followLink is what is wrong with a link of a page, "" for nothing.
func followLink(root fs.FS, page, text, file, heading string) string {
	if strings.Contains(file, "://") {
		return ""
	}
	target := page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if _, err := fs.Stat(root, target); err != nil {
		return fmt.Sprintf("the link [%s] leads to %s, which does not exist", text, target)
	}
	isTest := strings.HasPrefix(text, "Test") || strings.HasPrefix(text, "Fuzz")
	switch content, _ := fs.ReadFile(root, target); {
	case isTest && strings.HasSuffix(target, "_test.go"):
		if !strings.Contains(string(content), "\nfunc "+text+"(") {
			return fmt.Sprintf("%s has no function %s; link the test that holds the rule now", target, text)
		}
	case strings.Contains(target, "/testdata/"):
		if strings.TrimSuffix(path.Base(target), ".txt") != text {
			return fmt.Sprintf("the link [%s] leads to %s", text, target)
		}
	case heading != "" && !slices.Contains(anchors(string(content)), heading):
		return fmt.Sprintf("%s has no heading #%s", target, heading)
	}
	return ""
}

// anchors are the names by which the headings of a page can be linked.
func anchors(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		title := strings.TrimLeft(line, "#")
		if title == line {
			continue
		}
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				return r
			}
			return -1
		}, strings.ToLower(strings.TrimSpace(title))))
	}
	return names
}

// TestRulesNameTheirTests reads the pages of the rules.
func TestRulesNameTheirTests(t *testing.T) {
	root := os.DirFS("../..")
	rules, faults, err := checkRulePages(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
	if len(rules) < 100 {
		t.Errorf("only %d rules were found", len(rules))
	}
	mutants, err := fs.ReadFile(root, "internal/mutation/mutants_test.go")
	if err != nil {
		t.Fatal(err)
	}
	broken := regexp.MustCompile(`(?m)^\t\{"([^"]+)"`).FindAllStringSubmatch(string(mutants), -1)
	if len(broken) == 0 {
		t.Error("no mutant was found")
	}
	for _, m := range broken {
		if rules[m[1]] == "" {
			t.Errorf("internal/mutation breaks rule %s, which no page has", m[1])
		}
	}
}

// TestRulePagesAreChecked breaks a page in each way once.
func TestRulePagesAreChecked(t *testing.T) {
	const good = "# P\n\n### D1. One\n\nText.\n\nTests: [TestD1_One](../../x/x_test.go), [d1](../../x/testdata/d1.txt)\n\n### R-R3.1. Two\n\nSee [one](#d1-one) and [the index](../semantics.md#semantics).\n\nTests: [TestD1_One](../../x/x_test.go)\n"
	for _, test := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"no tests", "Tests: [TestD1_One](../../x/x_test.go), [d1](../../x/testdata/d1.txt)\n\n", "", "rule D1 does not end with"},
		{"tests without a link", "Tests: [TestD1_One](../../x/x_test.go)\n", "Tests: by hand\n", "rule R-R3.1 does not end with"},
		{"tests before the text", "Text.\n\nTests: [TestD1_One](../../x/x_test.go), [d1](../../x/testdata/d1.txt)", "Tests: [TestD1_One](../../x/x_test.go)\n\nText.", "rule D1 does not end with"},
		{"no text", "Text.\n\n", "", "rule D1 says nothing"},
		{"a number twice", "R-R3.1. Two", "D1. Two", "rule D1 is also in"},
		{"a function that is gone", "[TestD1_One](../../x/x_test.go), ", "[TestD1_On](../../x/x_test.go), ", "x/x_test.go has no function TestD1_On"},
		{"a file that is gone", "x/testdata/d1.txt", "x/testdata/d2.txt", "x/testdata/d2.txt, which does not exist"},
		{"a script by another name", "[d1](", "[d2](", "the link [d2] leads to x/testdata/d1.txt"},
		{"a heading that is gone", "#d1-one", "#d1-two", "has no heading #d1-two"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, faults, err := checkRulePages(fstest.MapFS{
				"docs/semantics.md":        {Data: []byte("# Semantics\n")},
				"docs/testing.md":          {Data: []byte("# Testing\n")},
				"docs/semantics/dedupe.md": {Data: []byte(strings.Replace(good, test.old, test.new, 1))},
				"x/x_test.go":              {Data: []byte("package x\n\nfunc TestD1_One(t *testing.T) {}\n")},
				"x/testdata/d1.txt":        {Data: []byte("# D1\n")},
			})
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(faults, "\n")
			if (test.want == "") != (all == "") || !strings.Contains(all, test.want) {
				t.Errorf("found %q, want %q", all, test.want)
			}
		})
	}
}
