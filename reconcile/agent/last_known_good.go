package agent

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// LastKnownGood reads what an agent that does not run holds on to: a snapshot without what is live. Nothing is written. A folder that
// is not there or holds nothing yet is that of a first start.
func LastKnownGood(director, folder string) (spec.Snapshot, error) {
	s := newStore(folder)
	h, damaged := s.load()
	begun, err := s.unfinished(h.Serial)
	if err := errors.Join(append(damaged, err)...); err != nil {
		return spec.Snapshot{}, fmt.Errorf("last known good of %s: %w", director, err)
	}
	owned := h.Owned
	if begun != nil {
		owned = begun.Owned
	}
	out := spec.Snapshot{Version: spec.DocumentVersion, Director: director}
	if h.View != nil {
		want, _ := reconcile.Want(*h.View, spec.Facts{Now: time.Now(), Overrides: slices.Concat(h.Overrides, h.Heard), Drains: h.Drains})
		out.Overrides, out.Drains = want.Overrides, h.Drains
		out.Applied, owned = &h.Commit, owned.Claim(want)
		if h.Whole {
			out.Prior = &want
		}
	}
	if out.Owned, err = owned.MarshalText(); err != nil {
		return spec.Snapshot{}, fmt.Errorf("encode owned objects: %w", err)
	}
	return out, nil
}
