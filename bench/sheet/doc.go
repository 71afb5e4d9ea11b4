// Package sheet is the documents that measurements leave: what `adjoin bench
// run`, `bench parts` and `bench sweep` print with -o json, and what `bench
// report` and `bench compare` read. Fields are added, never renamed, within a
// format_version.
//
// Durations are seconds and sizes bytes unless a name says otherwise. A share is
// from 0 to 1.
package sheet
