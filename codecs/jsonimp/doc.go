// Package jsonimp decodes impressions (events 1.3): a JSON object for each
// Kafka record, an array of objects, or objects one after another (NDJSON).
//
// A record is scanned once, from left to right. The scanner notes where the
// value of each known field lies and skips the rest; the fields are then read
// in the order of the specification's list, which is the order in which
// failures count (semantics N12). A name is found by its bytes as two words, in
// a table in which no two names share a place.
//
// What JSON is, is what encoding/json says it is; a differential fuzz test
// holds the two together. Beyond that:
//
//   - Elements of an array and values of NDJSON are events of their own, lines
//     from 0. One that is no object is rejected alone.
//   - After a syntax error in NDJSON decoding goes on at the next line that
//     starts with an object; in an array nothing says where the next element
//     is, so the rest of the array is that one rejection.
//   - A value nested deeper, or an object with more members, than allowed is
//     TOO_LARGE alone; its neighbours are decoded.
//   - A member that is null counts as not there, so an alias beside it is read.
package jsonimp
