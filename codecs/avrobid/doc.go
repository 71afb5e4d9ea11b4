// Package avrobid decodes bid requests (events 1.6): Avro, in any of the
// framings that the record's first bytes tell apart.
//
//	0x00 + 4-byte id           schema registry framing
//	0xC3 0x01 + fingerprint    single-object encoding
//	"Obj" 0x01                 container file: any number of bids
//	anything else              one bare datum, in the configured schema
//
// A header __value_schema_id names the schema of a bare datum too.
//
// Data of the frozen Schema is decoded by hand, straight from the record's
// bytes. Data of any other schema is decoded by github.com/twmb/avro and then
// read by field names, with the defaults of Schema and the names of the legacy
// shapes: a flat user_id, bid_amount, ip_address, ad_targeting or
// targeting_criteria, and no imps.
//
// # Schemas from a registry
//
// A Decoder does no I/O of its own. It is a codecs.Preparer: Prepare asks the
// Registry it was given for the schema that a record names and the decoder has
// not seen. A registry that cannot be reached is the caller's pause (semantics
// F39); one that knows no such schema makes the record UNKNOWN_SCHEMA.
//
// # Bounds
//
// A length or count is checked against what is left of the record before
// anything is allocated for it. Lists have at most MaxFields elements. What a
// container's block decompresses to is bounded by the record limit, and a
// schema by maxSchemaBytes.
package avrobid
