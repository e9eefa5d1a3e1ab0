package journal

import (
	"slices"
	"strings"
	"time"
)

// Filter chooses records. The zero Filter is every record, oldest first; what is set has to hold together.
type Filter struct {
	Commit string    // its object name begins with this
	Object string    // the key of its object contains this
	Events []Event   // it is one of these; none is any
	Since  time.Time // not before; the zero time is no limit
	Until  time.Time // before; the zero time is no limit
	After  uint64    // of a higher sequence number
	Limit  int       // at most so many records; 0 is no limit
	Newest bool      // newest first
}

// within judges by the header alone, which spares decoding most of a long journal.
func (f Filter) within(h header) bool {
	return h.seq > f.After && (f.Since.IsZero() || !h.time.Before(f.Since)) && (f.Until.IsZero() || h.time.Before(f.Until))
}

func (f Filter) match(r Record) bool {
	return strings.HasPrefix(r.Commit, f.Commit) && strings.Contains(r.Key, f.Object) &&
		(len(f.Events) == 0 || slices.Contains(f.Events, r.Event))
}
