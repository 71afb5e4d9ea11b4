package avrobid

import "encoding/binary"

// schemaIDHeader is the record header that may name the schema of the value.
const schemaIDHeader = "__value_schema_id"

// guidMagic stands before the GUID of a schema; before its number stands
// registryMagic.
const guidMagic = 0x01

const guidSize = 17

// parseSchemaID reads a schema's id with its magic byte: 0 and four bytes of a
// number, or 1 and the sixteen of a GUID.
func parseSchemaID(b []byte) (id SchemaID, ok bool) {
	switch {
	case len(b) == registrySize && b[0] == registryMagic:
		return SchemaID{Number: binary.BigEndian.Uint32(b[1:])}, true
	case len(b) == guidSize && b[0] == guidMagic:
		return SchemaID{GUID: [16]byte(b[1:]), ByGUID: true}, true
	}
	return SchemaID{}, false
}

// fingerprintIn is the fingerprint in the header of single-object data.
func fingerprintIn(b []byte) uint64 {
	return binary.LittleEndian.Uint64(b[len(singleObjectMagic):singleObjectSize])
}
