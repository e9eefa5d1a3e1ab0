package reconcile_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// anyServer draws a virtual server from a small universe, so that two of them often declare the same service.
func anyServer(t *rapid.T) *spec.VirtualServer {
	vs := &spec.VirtualServer{Protocol: spec.TCP, Service: spec.Service{Scheduler: rapid.SampledFrom([]string{"rr", "mh"}).Draw(t, "scheduler")}, At: spec.Mark{Line: 1}}
	if rapid.IntRange(0, 9).Draw(t, "mark") == 0 {
		vs.FWMark, vs.Family = 7, spec.IPv4
	}
	for _, p := range rapid.SliceOfNDistinct(rapid.Uint16Range(1, 30), 1, 2, rapid.ID).Draw(t, "ports") {
		vs.Ports = append(vs.Ports, p)
	}
	vs.Addresses = []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, rapid.Uint8Range(1, 3).Draw(t, "address")})}
	for range rapid.IntRange(0, 3).Draw(t, "real servers") {
		n := rapid.SampledFrom([]string{"192.0.2.21", "192.0.2.22", "192.0.2.23", "192.0.2.24:8080"}).Draw(t, "real server")
		vs.RealServers = append(vs.RealServers, server(n, rapid.Int32Range(0, 3).Draw(t, "weight"), 2))
	}
	pathed := spec.HealthCheck{Kind: "tcp", Settings: []spec.Attr{{Name: "real_path", Value: "true"}}}
	if vs.FWMark == 0 && rapid.Bool().Draw(t, "real path") {
		vs.HealthChecks = []spec.HealthCheck{pathed}
		vs.Paths = vs.Services() * len(vs.RealServers)
	}
	for i := range vs.RealServers {
		if vs.Paths > 0 && rapid.IntRange(0, 3).Draw(t, "own check") == 0 {
			vs.RealServers[i].HealthChecks = []spec.HealthCheck{{Kind: "tcp"}}
			vs.Paths -= vs.Services()
		}
	}
	return vs
}

func anyView(t *rapid.T) spec.View {
	var clusters []spec.Cluster
	for i := range rapid.IntRange(1, 3).Draw(t, "clusters") {
		c := syncing(string(rune('a'+i)), rapid.Uint8Range(1, 2).Draw(t, "syncid"), spec.SyncBoth, "")
		for range rapid.IntRange(0, 5).Draw(t, "virtual servers") {
			c.VirtualServers = append(c.VirtualServers, spec.Placed[spec.VirtualServer]{Def: anyServer(t), Place: c.Place})
		}
		clusters = append(clusters, c)
	}
	return viewOf(nil, clusters...)
}

// edited is a view with some virtual servers replaced, moved, added or removed. The others are the same pointers.
func edited(t *rapid.T, v spec.View) spec.View {
	clusters := append([]spec.Cluster{}, v.Clusters...)
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		c := &clusters[rapid.IntRange(0, len(clusters)-1).Draw(t, "cluster")]
		list := append([]spec.Placed[spec.VirtualServer]{}, c.VirtualServers...)
		at := rapid.IntRange(0, len(list)).Draw(t, "at")
		switch rapid.SampledFrom([]string{"replace", "move", "add", "remove"}).Draw(t, "edit") {
		case "add":
			list = append(list, spec.Placed[spec.VirtualServer]{Def: anyServer(t), Place: c.Place})
		case "remove":
			list = list[:at]
		case "move":
			for i := range list[at:] {
				list[at+i].Place.Base++
			}
		case "replace":
			if at < len(list) {
				list[at].Def = anyServer(t)
			}
		}
		c.VirtualServers = list
	}
	return viewOf(v.Director.Def.Sysctls, clusters...)
}

func TestWantAfterIsWant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		was, _ := reconcile.Want(v, spec.Facts{})
		for range rapid.IntRange(1, 4).Draw(t, "commits") {
			next := edited(t, v)
			got, gotHolds := reconcile.WantAfter(v, was, next, spec.Facts{})
			want, wantHolds := reconcile.Want(next, spec.Facts{})
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
				t.Fatalf("state: %s", d)
			}
			if d := cmp.Diff(wantHolds, gotHolds, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
				t.Fatalf("holds: %s", d)
			}
			v, was = next, got
		}
	})
}

// What did not change is not copied where nothing did, and its rows are kept where something did.
func TestWantAfterKeepsRows(t *testing.T) {
	vs := func(n byte, weight int32) spec.Placed[spec.VirtualServer] {
		return spec.Placed[spec.VirtualServer]{Def: &spec.VirtualServer{
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, n})}, Ports: []uint16{80}, Protocol: spec.TCP,
			RealServers: []spec.RealServer{server("192.0.2.21", weight, 2)}, At: spec.Mark{Line: 1}}}
	}
	v := viewOf(nil, spec.Cluster{VirtualServers: []spec.Placed[spec.VirtualServer]{vs(1, 1), vs(2, 1), vs(3, 1)}})
	was, _ := reconcile.Want(v, spec.Facts{})
	same, _ := reconcile.WantAfter(v, was, v, spec.Facts{})
	if &same.Dests[0] != &was.Dests[0] || &same.Services[0] != &was.Services[0] {
		t.Error("rows were made anew though nothing changed")
	}
	next := viewOf(nil, spec.Cluster{VirtualServers: []spec.Placed[spec.VirtualServer]{v.Clusters[0].VirtualServers[0], vs(2, 9), v.Clusters[0].VirtualServers[2]}})
	got, _ := reconcile.WantAfter(v, was, next, spec.Facts{})
	if len(got.Dests) != 3 || got.Dests[1].Value.Weight != 9 || got.Dests[0] != was.Dests[0] || got.Dests[2] != was.Dests[2] {
		t.Errorf("%+v", got.Dests)
	}
}
