package view

import (
	"encoding/json"
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// Snapshot is the live state of a director as one document, for `diff --against snapshot:FILE` elsewhere.
type Snapshot struct {
	Kind string `json:"kind"`
	spec.Snapshot
}

const snapshotKind = "snapshot"

// NewSnapshot makes the document.
func NewSnapshot(s spec.Snapshot) Snapshot { return Snapshot{snapshotKind, s} }

// Text is the JSON document: a snapshot is made for a file, not for reading.
func (s Snapshot) Text(t *Text) {
	t.b.Write(document(s))
}

// ReadSnapshot reads the document back.
func ReadSnapshot(b []byte) (spec.Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return spec.Snapshot{}, fmt.Errorf("read snapshot: %w", err)
	}
	if s.Kind != snapshotKind || s.Version != spec.DocumentVersion {
		return spec.Snapshot{}, fmt.Errorf("read snapshot: want a document of kind %q and version %d, got %q and %d; write it with `lbsync snapshot`",
			snapshotKind, spec.DocumentVersion, s.Kind, s.Version)
	}
	return s.Snapshot, nil
}
