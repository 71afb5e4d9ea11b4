package main

import (
	"fmt"
	"slices"

	"github.com/advertisex/adjoin/bench/dump"
	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/internal/event"
	"github.com/advertisex/adjoin/internal/table"
	"github.com/advertisex/adjoin/sinks/finaltable"
)

// diffDocument is `adjoin diff -o json`.
type diffDocument struct {
	FormatVersion int                              `json:"format_version"`
	Equal         bool                             `json:"equal"`
	Tables        map[table.Name]finaltable.Counts `json:"tables"`
	First         []finaltable.Difference          `json:"first"`
}

func (a *app) printDiff(r finaltable.Report) error {
	if a.json() {
		first := r.First
		if first == nil {
			first = []finaltable.Difference{}
		}
		if err := a.document(diffDocument{FormatVersion: 1, Equal: r.Equal(), Tables: r.Tables, First: first}); err != nil {
			return err
		}
	} else {
		a.printDiffText(r)
	}
	if !r.Equal() {
		return answerNo()
	}
	return nil
}

func (a *app) printDiffText(r finaltable.Report) {
	for _, name := range table.Names() {
		c, rows := r.Tables[name], r.Rows[name]
		if c == (finaltable.Counts{}) {
			fmt.Fprintf(a.out, "%-22s equal, %d rows\n", name, rows[0])
			continue
		}
		fmt.Fprintf(a.out, "%-22s %d and %d rows: %d only left, %d only right, %d different\n",
			name, rows[0], rows[1], c.OnlyLeft, c.OnlyRight, c.Different)
	}
	for _, d := range r.First {
		fmt.Fprintf(a.out, "%s %s  %s", d.Table, d.Kind, d.Key)
		if d.Column != "" {
			fmt.Fprintf(a.out, "  %s: %s | %s", d.Column, d.Left, d.Right)
		}
		fmt.Fprintln(a.out)
	}
}

// actorsRecord is a record as a replay takes it.
type actorsRecord = codecs.Record

// recordOf is a dumped record as the decoders want it. It aliases r.
func recordOf(r *dump.Record) codecs.Record {
	out := codecs.Record{
		Position: event.Position{Partition: event.Partition{Topic: r.Topic, ID: r.Partition}, Offset: event.Offset(r.Offset)},
		Time:     event.Time(r.TimestampMS) * event.Time(event.Millisecond), Key: r.Key, Value: r.Value,
	}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, codecs.Header{Key: []byte(h.Key), Value: h.Value})
	}
	return out
}

// tableNames are the tables named, those that exist.
func tableNames(names []string) []table.Name {
	var out []table.Name
	for _, name := range table.Names() {
		if slices.Contains(names, string(name)) {
			out = append(out, name)
		}
	}
	return out
}
