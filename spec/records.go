package spec

import (
	"encoding/json"
	"time"
)

// RecordQuery asks for records of a director's journal, oldest first. The zero query is all of them; what is set has to hold together.
type RecordQuery struct {
	Commit string    // its id begins with this
	Object string    // the key of its object contains this
	Events []string  // it is one of these; none is any
	Since  time.Time // not before; the zero time is no limit
	Until  time.Time // before; the zero time is no limit
	After  uint64    // of a higher sequence number
	Limit  int       // at most so many; 0: as many as one answer takes
}

// RecordPage is one answer to a RecordQuery: what it takes, which may be none although more follow.
type RecordPage struct {
	Version  int      `json:"version"` // DocumentVersion
	Director string   `json:"director"`
	Lines    []string `json:"lines"`          // as they stand in the journal, byte for byte
	Next     uint64   `json:"next,omitempty"` // there may be more: ask for those after this one
}

// HistoryPage is the commits that a director tried, newest first.
type HistoryPage struct {
	Version     int             `json:"version"` // DocumentVersion
	Director    string          `json:"director"`
	Generations json.RawMessage `json:"generations"`    // array of generations of the journal
	More        bool            `json:"more,omitempty"` // there are older ones
}

// Verification is what a director found when it proved the chain of its journal.
type Verification struct {
	Version  int             `json:"version"` // DocumentVersion
	Director string          `json:"director"`
	Report   json.RawMessage `json:"report"` // of the journal
}
