package engine

import (
	"net/netip"
	"sort"

	"github.com/lbsync/lbsync/spec"
)

// of are the rows of one instance, which stand together since rows are sorted by instance first.
func of[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V], i spec.InstanceKey, instance func(K) spec.InstanceKey) spec.Rows[K, V] {
	from := sort.Search(len(rows), func(n int) bool { return instance(rows[n].Key) >= i })
	to := from
	for to < len(rows) && instance(rows[to].Key) == i {
		to++
	}
	return rows[from:to]
}

func addressesOf(v spec.VRRP, i spec.InstanceKey) spec.Rows[spec.AddressKey, spec.Address] {
	return of(v.Addresses, i, func(k spec.AddressKey) spec.InstanceKey { return k.Instance })
}

func routesOf(v spec.VRRP, i spec.InstanceKey) spec.Rows[spec.RouteKey, spec.Route] {
	return of(v.Routes, i, func(k spec.RouteKey) spec.InstanceKey { return k.Instance })
}

func rulesOf(v spec.VRRP, i spec.InstanceKey) spec.Rows[spec.RuleKey, spec.Rule] {
	return of(v.Rules, i, func(k spec.RuleKey) spec.InstanceKey { return k.Instance })
}

func trackersOf(v spec.VRRP, i spec.InstanceKey) spec.Rows[spec.TrackerKey, spec.Tracking] {
	return of(v.Trackers, i, func(k spec.TrackerKey) spec.InstanceKey { return k.Instance })
}

func peersOf(v spec.VRRP, i spec.InstanceKey) (out []netip.Addr) {
	for _, r := range of(v.Peers, i, func(k spec.PeerKey) spec.InstanceKey { return k.Instance }) {
		out = append(out, r.Key.Addr)
	}
	return out
}
