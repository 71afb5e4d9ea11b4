//go:build cloud

package sinks

// The cloud stores, in builds with the tag cloud (release builds have it): they
// add 76 modules and some 35 MB to a binary that a laptop does not need.
import (
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)
