// Package explain says why the engine decided what it did about one impression,
// click or conversion of a record dump: every record and every parent or touch
// that was considered, with the rule that took it or passed it over.
//
//	answer, err := explain.Run(ctx, explain.Input{Kind: event.KindClick, ID: "k1", ...})
//	for _, fact := range answer.Facts { ... }
//
// It runs the engine over the dump and keeps the rows of the timelines that the
// id touches, then goes through the rules of docs/semantics.md in their order with
// those rows as candidates. What it concludes is held against the row that the
// engine wrote; if the two ever differ the answer says so, and that is a bug to
// report.
package explain
