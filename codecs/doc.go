// Package codecs says in which bytes events arrive: the contract of a Decoder
// and of what it hands over. The adapters lie in folders of their own
// (jsonimp, csvevents, avrobid), the batch format between actors in batch,
// and the conformance kit every adapter passes in codectest.
//
// What the formats have in common lies here too: Config, Fields with the rules
// for single fields, and Refusal, which builds rejections and masks what they
// show of a record.
//
// # What a decoder owes
//
// Every record yields at least one call of the handler: an event, or a typed
// rejection that says which field and why. A bad line of a record does not
// touch its other lines. A decoder never panics, never blocks, and allocates
// no more than the record justifies, whatever the bytes are.
//
// # What its caller owes
//
// A Decoder that is a Preparer is prepared before each record; its error is a
// pause, since nothing is known about the record yet. What a Handler receives
// is valid during the call only: text aliases the record, which must not be
// written again, or memory of the decoder, which the next record reuses.
package codecs
