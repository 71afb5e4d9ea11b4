// Package mutation breaks each rule on purpose, one at a time, and asks whether
// a test notices: a rule that can be broken unnoticed is not tested, whatever
// the coverage says.
//
// A mutant is one place of the source and what stands there instead
// (mutants_test.go). The source itself is never changed: each mutant is built
// through the overlay of the go command. The tests of the packages that hold
// the rule run first, then the random histories of internal/law, until one
// fails. A mutant that does not build, or whose place is gone, is an error.
//
//	go test ./internal/mutation -args -mutate                # all, some 15 minutes
//	go test ./internal/mutation -args -mutate -only D1,A6    # those of some rules
//
// The list of a run is docs/testing.md.
package mutation
