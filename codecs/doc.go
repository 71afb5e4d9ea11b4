// Package codecs says in which bytes events arrive: the contract of a Decoder
// and of what it hands over. The adapters lie in folders of their own
// (jsonimp, csvevents, avrobid), the batch format between actors in batch,
// and the conformance kit every adapter passes in codectest.
//
// # What a decoder owes
//
// Every record yields at least one call of the handler: an event, or a typed
// rejection that says which field and why. A bad line of a record does not
// touch its other lines. A decoder never panics, never blocks, and allocates
// no more than the record justifies, whatever the bytes are.
package codecs
