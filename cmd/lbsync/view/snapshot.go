package view

import (
	"bytes"
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

// ReadSnapshots reads the document of one director, or the array of several; missing are those that did not answer when it was written.
func ReadSnapshots(b []byte) (all []spec.Snapshot, missing []string, err error) {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '[' {
		s, err := ReadSnapshot(b)
		return []spec.Snapshot{s}, nil, err
	}
	var documents []json.RawMessage
	if err := json.Unmarshal(b, &documents); err != nil {
		return nil, nil, fmt.Errorf("read snapshots: %w", err)
	}
	for _, d := range documents {
		var silent unanswered
		if json.Unmarshal(d, &silent) == nil && silent.Kind == unansweredKind {
			missing = append(missing, silent.Director)
			continue
		}
		s, err := ReadSnapshot(d)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, s)
	}
	return all, missing, nil
}

// ReadSnapshot reads the document back.
func ReadSnapshot(b []byte) (spec.Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return spec.Snapshot{}, fmt.Errorf("read snapshot: %w; write it with `lbsync snapshot`", err)
	}
	if s.Kind != snapshotKind || s.Version != spec.DocumentVersion {
		return spec.Snapshot{}, fmt.Errorf("read snapshot: want a document of kind %q and version %d, got %q and %d; write it with `lbsync snapshot`",
			snapshotKind, spec.DocumentVersion, s.Kind, s.Version)
	}
	return s.Snapshot, nil
}
