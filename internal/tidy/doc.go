// Package tidy holds the style of this repository as a test.
//
// It parses every Go file (no type checking, so it takes a second or two) and
// fails on what STYLE forbids: an import that goes up a floor, a clock in a
// pure package, a function longer than a screen, a package without doc.go, an
// exported name without a comment, init functions and mutable package-level
// variables, catch-all package names, notes to come back later.
//
// The rules are data at the top of rules_test.go: floors, banned imports, the
// limits, and the exceptions, each with its reason. Exceptions only shrink: one
// that is no longer needed fails the test too.
//
// A package-level variable is accepted without any mark when nothing in its
// package ever writes to it and its type cannot change by itself: the test
// looks for assignments, for the address of a variable that has no value yet, and
// for types that hold state (sync, atomic, channels, maps made empty).
//
// semantics_test.go reads the numbered rules of docs/semantics: each has tests,
// and every link to one leads to it.
package tidy
