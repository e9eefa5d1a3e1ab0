package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Advance is the live state after the changes of one plan were made. It costs one pass over the kinds that changed, shares the rows of
// the others, and leaves live as it is.
func Advance(live spec.State, done []spec.Change) spec.State {
	live.Services = live.Services.Advance(done)
	live.Dests = orphaned(live.Dests, done).Advance(done)
	live.Daemons = live.Daemons.Advance(done)
	live.Timeouts = live.Timeouts.Advance(done)
	live.Sysctls = live.Sysctls.Advance(done)
	live.VRRP = live.VRRP.Advance(done)
	return live
}

// orphaned leaves out the real servers of services that were removed: the kernel takes them along, also those whose own removal was
// not made.
func orphaned(dests spec.Rows[spec.DestKey, spec.Dest], done []spec.Change) spec.Rows[spec.DestKey, spec.Dest] {
	var gone []spec.ServiceKey
	for i := range done {
		if k, ok := done[i].Key.(spec.ServiceKey); ok && done[i].Action == spec.Remove {
			gone = append(gone, k)
		}
	}
	if len(gone) == 0 {
		return dests
	}
	slices.SortFunc(gone, spec.ServiceKey.Compare)
	out := make(spec.Rows[spec.DestKey, spec.Dest], 0, len(dests))
	for i := range dests {
		k := dests[i].Key.Service
		for len(gone) > 0 && gone[0].Compare(k) < 0 {
			gone = gone[1:]
		}
		if len(gone) == 0 || gone[0] != k {
			out = append(out, dests[i])
		}
	}
	return out
}
