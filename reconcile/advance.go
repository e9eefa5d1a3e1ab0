package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Advance is the live state after the changes of one plan were made. It costs one pass over the kinds that changed, shares the rows of
// the others, and leaves live as it is.
func Advance(live spec.State, done []spec.Change) spec.State {
	live.Services = advanceRows(live.Services, done)
	live.Dests = advanceRows(orphaned(live.Dests, done), done)
	live.Daemons = advanceRows(live.Daemons, done)
	live.Timeouts = advanceRows(live.Timeouts, done)
	live.Sysctls = advanceRows(live.Sysctls, done)
	return live
}

// edit is what becomes of one row; nil: it goes.
type edit[K any] struct {
	key   K
	after spec.Value
}

func advanceRows[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V], done []spec.Change) spec.Rows[K, V] {
	edits := editsOf[K](done)
	if len(edits) == 0 {
		return rows
	}
	out := make(spec.Rows[K, V], 0, len(rows)+len(edits))
	for _, e := range edits {
		at, found := slices.BinarySearchFunc(rows, e.key, func(r spec.Row[K, V], k K) int { return r.Key.Compare(k) })
		out = append(out, rows[:at]...)
		if e.after != nil {
			out = append(out, spec.Row[K, V]{Key: e.key, Value: e.after.(V)})
		}
		if found {
			at++
		}
		rows = rows[at:]
	}
	return append(out, rows...)
}

// editsOf are the changes of one kind, sorted by key. A plan's steps are sorted runs, so there is little to sort.
func editsOf[K spec.RowKey[K]](done []spec.Change) []edit[K] {
	var out []edit[K]
	for i := range done {
		if k, ok := done[i].Key.(K); ok {
			out = append(out, edit[K]{k, done[i].After})
		}
	}
	slices.SortFunc(out, func(a, b edit[K]) int { return a.key.Compare(b.key) })
	return out
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
