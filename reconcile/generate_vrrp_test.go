package reconcile_test

import (
	"fmt"
	"net/netip"
	"time"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/spec"
)

// pile deals its cards in some order, each once: two instances never have the same router id or address, and two states give them to
// different instances.
type pile[T any] struct{ cards []T }

func shuffled[T any](t *rapid.T, label string, cards ...T) *pile[T] {
	return &pile[T]{rapid.Permutation(cards).Draw(t, label)}
}

func (p *pile[T]) deal(n int) []T {
	out := p.cards[:n]
	p.cards = p.cards[n:]
	return out
}

func addrs(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range texts {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// table is what the instances of one state share.
type table struct {
	*rapid.T
	v     spec.VRRP
	ids   *pile[uint8]
	vips  map[spec.Family]*pile[netip.Addr] // one of IPv6 is link-local for each instance
	local *pile[netip.Addr]
}

// anyVRRP draws rows that an engine takes.
func anyVRRP(t *rapid.T, name string) spec.VRRP {
	d := table{T: t, ids: shuffled(t, name+" ids", uint8(1), 2, 3), local: shuffled(t, name+" link-local", addrs("fe80::1", "fe80::2")...), vips: map[spec.Family]*pile[netip.Addr]{
		spec.IPv4: shuffled(t, name+" vips", addrs("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")...),
		spec.IPv6: shuffled(t, name+" v6 vips", addrs("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4")...),
	}}
	for _, k := range []spec.InstanceKey{"v", "w"} {
		if rapid.Bool().Draw(t, name+" has "+k.String()) {
			d.instance(k)
		}
	}
	if n := len(d.v.Instances); n > 0 && rapid.Bool().Draw(t, name+" follows") {
		followed := rapid.SampledFrom(d.v.Instances).Draw(t, "followed").Key
		put(&d.v.Follow, spec.FollowSyncKey(followed), spec.FollowSync{Daemon: spec.Daemon{SyncID: rapid.Uint8Range(1, 2).Draw(t, "syncid")}})
	}
	return d.v
}

func put[K spec.RowKey[K], V spec.RowValue](rows *spec.Rows[K, V], k K, v V) {
	*rows = append(*rows, spec.Row[K, V]{Key: k, Value: v})
	rows.Sort()
}

func (d *table) instance(k spec.InstanceKey) {
	i := spec.Instance{
		Interface: rapid.SampledFrom([]string{"eth0", "eth1"}).Draw(d.T, "interface"), RouterID: d.ids.deal(1)[0], Version: 3,
		Family: rapid.SampledFrom([]spec.Family{spec.IPv4, spec.IPv6}).Draw(d.T, "family"), Priority: rapid.Uint8Range(100, 102).Draw(d.T, "priority"),
		Interval: time.Second, Preempt: rapid.Bool().Draw(d.T, "preempt"), DownAdverts: 3, TTLMin: 255, TTLMax: 255, Unicast: rapid.Bool().Draw(d.T, "unicast"),
	}
	if i.Unicast {
		d.unicast(k, &i)
	} else {
		i.Group = map[spec.Family]netip.Addr{spec.IPv4: netip.MustParseAddr("224.0.0.18"), spec.IPv6: netip.MustParseAddr("ff02::12")}[i.Family]
	}
	put(&d.v.Instances, k, i)
	d.addresses(k, i)
	d.rest(k)
}

// unicast draws the source and the peers from the same addresses: what is a peer in one state may be the source in the other.
func (d *table) unicast(k spec.InstanceKey, i *spec.Instance) {
	hosts := shuffled(d.T, "hosts", map[spec.Family][]netip.Addr{
		spec.IPv4: addrs("192.0.2.11", "192.0.2.12", "192.0.2.13"), spec.IPv6: addrs("2001:db8::11", "2001:db8::12", "2001:db8::13"),
	}[i.Family]...)
	i.Source = hosts.deal(1)[0]
	for n, a := range hosts.deal(rapid.IntRange(1, 2).Draw(d.T, "peers")) {
		put(&d.v.Peers, spec.PeerKey{Instance: k, Addr: a}, spec.Peer{Director: fmt.Sprintf("lb%d", n+2)})
	}
}

func (d *table) addresses(k spec.InstanceKey, i spec.Instance) {
	bits := rapid.SampledFrom([]int{24, 32}).Draw(d.T, "bits")
	hold := func(a netip.Addr, excluded bool) {
		put(&d.v.Addresses, spec.AddressKey{Instance: k, Prefix: netip.PrefixFrom(a, bits)}, spec.Address{Device: i.Interface, Scope: "global", Excluded: excluded})
	}
	if i.Family == spec.IPv6 {
		hold(d.local.deal(1)[0], false)
	}
	for n, a := range d.vips[i.Family].deal(rapid.IntRange(1, 2).Draw(d.T, "addresses")) {
		hold(a, n > 0 && rapid.Bool().Draw(d.T, "excluded"))
	}
}

func (d *table) rest(k spec.InstanceKey) {
	if rapid.Bool().Draw(d.T, "route") {
		put(&d.v.Routes, spec.RouteKey{Instance: k, To: netip.MustParsePrefix("198.51.100.0/24"), Table: 254}, spec.Route{Device: rapid.SampledFrom([]string{"eth0", "eth1"}).Draw(d.T, "device")})
	}
	if rapid.Bool().Draw(d.T, "rule") {
		put(&d.v.Rules, spec.RuleKey{Instance: k, Name: "r"}, spec.Rule{FWMark: 7, Table: rapid.Uint32Range(100, 101).Draw(d.T, "table"), Priority: 10})
	}
	if rapid.Bool().Draw(d.T, "tracker") {
		put(&d.v.Trackers, spec.TrackerKey{Instance: k, Watch: spec.WatchScript, Name: "s"}, spec.Tracking{Weight: rapid.Int16Range(0, 1).Draw(d.T, "weight"), Command: "/bin/true"})
	}
}
