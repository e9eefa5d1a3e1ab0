package spec

import "slices"

// Advance is the rows after those of the changes that are about them were made; changes of other kinds are left out. It costs one pass,
// and leaves r as it is.
func (r Rows[K, V]) Advance(done []Change) Rows[K, V] {
	edits := editsOf[K](done)
	if len(edits) == 0 {
		return r
	}
	out := make(Rows[K, V], 0, len(r)+len(edits))
	for _, e := range edits {
		at, found := slices.BinarySearchFunc(r, e.key, func(row Row[K, V], k K) int { return row.Key.Compare(k) })
		out = append(out, r[:at]...)
		if e.after != nil {
			out = append(out, Row[K, V]{Key: e.key, Value: e.after.(V)})
		}
		if found {
			at++
		}
		r = r[at:]
	}
	return append(out, r...)
}

// edit is what becomes of one row; nil: it goes.
type edit[K any] struct {
	key   K
	after Value
}

// editsOf are the changes of one kind, sorted by key. A plan's steps are sorted runs, so there is little to sort.
func editsOf[K RowKey[K]](done []Change) []edit[K] {
	var out []edit[K]
	for i := range done {
		if k, ok := done[i].Key.(K); ok {
			out = append(out, edit[K]{k, done[i].After})
		}
	}
	slices.SortFunc(out, func(a, b edit[K]) int { return a.key.Compare(b.key) })
	return out
}

// IsVRRP says whether an object is one of the engine's.
func IsVRRP(k Key) bool {
	switch k.(type) {
	case InstanceKey, PeerKey, AddressKey, RouteKey, RuleKey, TrackerKey, FollowSyncKey:
		return true
	}
	return false
}

// Advance is what the engine holds after those of the changes that are about it were made. It leaves v as it is.
func (v VRRP) Advance(done []Change) VRRP {
	// The changes of a filled kernel are many thousands, and mostly none of them is the engine's: one pass finds that out, not seven.
	if !slices.ContainsFunc(done, func(c Change) bool { return IsVRRP(c.Key) }) {
		return v
	}
	return VRRP{
		Instances: v.Instances.Advance(done), Peers: v.Peers.Advance(done), Addresses: v.Addresses.Advance(done), Routes: v.Routes.Advance(done),
		Rules: v.Rules.Advance(done), Trackers: v.Trackers.Advance(done), Follow: v.Follow.Advance(done),
	}
}
