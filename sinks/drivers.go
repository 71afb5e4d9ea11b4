package sinks

// The stores of every build. A driver registers its URL scheme when imported;
// these two files are the only places that import one.
import (
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/memblob"  // mem://
)
