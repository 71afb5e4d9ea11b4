// Command adjoin joins bids, impressions, clicks and conversions from Kafka
// and lands the result in a warehouse.
//
// This folder holds flags, wiring and exit codes: one file for each command and
// no logic. A command is a function newXCommand(a *app) *cobra.Command that the
// list in root.go names. It
//
//   - says which forms of output it has, with outputs(cmd, ...);
//   - reads its configuration with a.loadConfig, so that -c, --set, the
//     environment and its own flags take part;
//   - writes its result to a.out, exactly one document with a.document when
//     a.json() is true, and everything else to the log or a.err;
//   - stops when cmd.Context() is done: with nil where that is its normal end,
//     else with the context's error;
//   - returns a failure (fail.go) where the user can do something about it. An
//     error of any other kind is an unexpected failure, exit code 1.
//
// Errors that have a page of their own carry a code such as E-KAFKA-TLS; the
// pages are the table in pages.go, shown by `adjoin help E-KAFKA-TLS`.
package main
