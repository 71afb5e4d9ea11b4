package duckdb

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed questions/*.sql
var questionFiles embed.FS

// Question is a stored query over the views NAME_current, the reference tables
// and the versions of rows.
type Question struct {
	Name  string `json:"name"`  // such as "campaign-day"
	Title string `json:"title"` // one sentence
	Prose string `json:"prose"` // how to read the answer, several lines
	SQL   string `json:"sql"`
}

// Questions are what an analyst asks, in their order: `adjoin query --list`.
func Questions() []Question {
	entries, err := questionFiles.ReadDir("questions")
	if err != nil {
		panic(err) // the files are in the program
	}
	list := make([]Question, 0, len(entries))
	for _, e := range entries {
		text, err := questionFiles.ReadFile(path.Join("questions", e.Name()))
		if err != nil {
			panic(err)
		}
		list = append(list, parseQuestion(e.Name(), string(text)))
	}
	return list
}

// parseQuestion takes the comment at the head of a file apart: its first line is
// the title, the others say how to read the answer.
func parseQuestion(file, text string) Question {
	_, name, _ := strings.Cut(strings.TrimSuffix(file, ".sql"), "-")
	q := Question{Name: name}
	lines := strings.Split(text, "\n")
	n := 0
	var prose []string
	for ; n < len(lines) && strings.HasPrefix(lines[n], "--"); n++ {
		prose = append(prose, strings.TrimSpace(strings.TrimPrefix(lines[n], "--")))
	}
	q.Title, q.Prose = prose[0], strings.Join(prose[1:], "\n")
	q.SQL = strings.Join(lines[n:], "\n")
	return q
}

// FindQuestion is the question of that name; an error lists the names.
func FindQuestion(name string) (Question, error) {
	var names []string
	for _, q := range Questions() {
		if q.Name == name {
			return q, nil
		}
		names = append(names, q.Name)
	}
	return Question{}, fmt.Errorf("there is no question %q; there are %s", name, strings.Join(names, ", "))
}

// WithPartnerFile is the question reading partners' counts from a CSV file with a
// header (date, campaign_id, partner, impressions, clicks) instead of the table
// discrepancy_daily.
func (q Question) WithPartnerFile(file string) Question {
	from := fmt.Sprintf("FROM read_csv('%s', header = true, columns = "+
		"{'date': 'DATE', 'campaign_id': 'VARCHAR', 'partner': 'VARCHAR', 'impressions': 'DOUBLE', 'clicks': 'BIGINT'})", strings.ReplaceAll(file, "'", "''"))
	q.SQL = strings.ReplaceAll(q.SQL, "FROM discrepancy_daily", from)
	return q
}
