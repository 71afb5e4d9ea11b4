// Package registry looks Avro schemas up in a schema registry that speaks
// Confluent's REST interface.
//
// A Client is an avrobid.Registry. Answers are remembered, those that there is
// no such schema for a short while only, since a producer may register it a
// moment later. A registry that does not answer, or answers with an error of
// its own, is asked again a few times and then reported as *Error, which the
// caller takes as a reason to pause, never as "no such schema".
package registry
