package sheet

import (
	"encoding/json"
	"fmt"
	"os"
)

// Document is one of *Run, *Parts and *Sweeps.
type Document any

// Read reads a document. The error says what the file is not.
func Read(path string) (Document, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var head struct {
		FormatVersion int    `json:"format_version"`
		Kind          string `json:"kind"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("%s is not a document of adjoin bench: %w", path, err)
	}
	if head.FormatVersion != FormatVersion {
		return nil, fmt.Errorf("%s has format_version %d, this program reads %d", path, head.FormatVersion, FormatVersion)
	}
	var doc Document
	switch head.Kind {
	case KindRun:
		doc = &Run{}
	case KindParts:
		doc = &Parts{}
	case KindSweep:
		doc = &Sweeps{}
	default:
		return nil, fmt.Errorf("%s is a document of kind %q; adjoin bench run, parts and sweep write run, parts and sweep", path, head.Kind)
	}
	if err := json.Unmarshal(b, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}
