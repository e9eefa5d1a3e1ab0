package reconcile_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// fleetOf is one cluster with many virtual servers of ten real servers each.
func fleetOf(services int) spec.View {
	c := spec.Cluster{Name: "c", Directors: []string{"lb1"}, Place: spec.Place{File: "c.hcl"}}
	for i := range services {
		vs := &spec.VirtualServer{
			Name: fmt.Sprintf("vs%d", i), Protocol: spec.TCP, Ports: []uint16{80}, At: spec.Mark{Line: 1},
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}, Service: spec.Service{Scheduler: "wrr"},
		}
		for j := range 10 {
			a := netip.AddrFrom4([4]byte{10, byte(1 + j), byte(i >> 8), byte(i)})
			vs.RealServers = append(vs.RealServers, spec.RealServer{
				Addr: netip.AddrPortFrom(a, 0), Dest: spec.Dest{Weight: 1, Forward: spec.DR}, At: spec.Mark{Line: uint32(2 + j)}})
		}
		c.VirtualServers = append(c.VirtualServers, spec.Placed[spec.VirtualServer]{Def: vs, Place: spec.Place{File: "c.hcl", Base: uint32(20 * i)}})
	}
	return spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1"}}, Clusters: []spec.Cluster{c}}
}

// liveOf is a wanted state as a kernel would show it.
func liveOf(want spec.State) spec.State {
	return reconcile.Advance(spec.State{}, reconcile.Diff(want, spec.State{}))
}

// reweighed has 100 real servers of another weight.
func reweighed(s spec.State) spec.State {
	var changes []spec.Change
	for i := 0; i < len(s.Dests); i += len(s.Dests) / 100 {
		d := s.Dests[i]
		after := d.Value
		after.Weight += 7
		changes = append(changes, spec.Change{Key: d.Key, Action: spec.Edit, Before: d.Value, After: after})
	}
	return reconcile.Advance(s, changes)
}

func BenchmarkWant4000x10(b *testing.B) {
	v := fleetOf(4000)
	b.ReportAllocs()
	for b.Loop() {
		reconcile.Want(v, spec.Facts{})
	}
}

// The figure to hold is 5 ms.
func BenchmarkDiff10000x10With100Changes(b *testing.B) {
	want, _ := reconcile.Want(fleetOf(10000), spec.Facts{})
	live := reweighed(liveOf(want))
	b.ReportAllocs()
	for b.Loop() {
		if n := len(reconcile.Diff(want, live)); n != 100 {
			b.Fatal(n)
		}
	}
}

func BenchmarkPlanOfNothing4000x10(b *testing.B) {
	want, _ := reconcile.Want(fleetOf(4000), spec.Facts{})
	in := reconcile.PlanInput{Want: want, Live: liveOf(want), Prior: &want}
	b.ReportAllocs()
	for b.Loop() {
		reconcile.NewPlan(in)
	}
}

// 44,000 changes, all of them digested.
func BenchmarkPlanFromEmpty4000x10(b *testing.B) {
	want, _ := reconcile.Want(fleetOf(4000), spec.Facts{})
	b.ReportAllocs()
	for b.Loop() {
		reconcile.NewPlan(reconcile.PlanInput{Want: want})
	}
}

// All that is pure when one weight changes in a large fleet.
func BenchmarkOneWeightOf4000x10(b *testing.B) {
	v := fleetOf(4000)
	prior, _ := reconcile.Want(v, spec.Facts{})
	live := liveOf(prior)
	owned := reconcile.Owned{}.Claim(prior)
	v.Clusters[0].VirtualServers[2000].Def.RealServers[5].Dest.Weight = 9
	b.ReportAllocs()
	for b.Loop() {
		want, holds := reconcile.Want(v, spec.Facts{})
		p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Holds: holds, Prior: &prior, Live: live, Owned: owned.Claim(want)})
		if p.Changes() != 1 {
			b.Fatal(p.Steps)
		}
		reconcile.Advance(live, p.Steps[0].Changes)
	}
}

func BenchmarkAdvanceOneOf40000(b *testing.B) {
	want, _ := reconcile.Want(fleetOf(4000), spec.Facts{})
	live := liveOf(want)
	d := live.Dests[20000]
	one := []spec.Change{{Key: d.Key, Action: spec.Edit, Before: d.Value, After: spec.Dest{Weight: 9, Forward: spec.DR}}}
	b.ReportAllocs()
	for b.Loop() {
		reconcile.Advance(live, one)
	}
}

func BenchmarkAdvanceFromEmpty4000x10(b *testing.B) {
	want, _ := reconcile.Want(fleetOf(4000), spec.Facts{})
	all := reconcile.Diff(want, spec.State{})
	b.ReportAllocs()
	for b.Loop() {
		reconcile.Advance(spec.State{}, all)
	}
}

func BenchmarkClaim4000(b *testing.B) {
	want, _ := reconcile.Want(fleetOf(4000), spec.Facts{})
	owned := reconcile.Owned{}.Claim(want)
	b.ReportAllocs()
	for b.Loop() {
		owned.Claim(want)
	}
}

// A director of 1,000 instances with four addresses each, 500 of them in groups of two.
func BenchmarkWantAndPlanOf1000Instances(b *testing.B) {
	v := fleetOf(0)
	c := &v.Clusters[0]
	for i := range 1000 {
		inst := &spec.VRRPInstance{Name: fmt.Sprintf("v%d", i), Interface: all(fmt.Sprintf("eth%d", i/250)), VirtualRouterID: uint8(1 + i%250), Version: 3,
			Family: spec.IPv4, Priority: all[uint8](100), AdvertInterval: time.Second, Group: netip.MustParseAddr("224.0.0.18"), DownTimerAdverts: 3}
		for j := range 4 {
			inst.Addresses = append(inst.Addresses, spec.VirtualAddress{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(j), byte(i >> 8), byte(i)}), 32), Scope: "global"})
		}
		c.Instances = append(c.Instances, spec.Placed[spec.VRRPInstance]{Def: inst})
		if i < 500 && i%2 == 1 {
			c.SyncGroups = append(c.SyncGroups, spec.VRRPSyncGroup{Name: inst.Name, Instances: []string{c.Instances[i-1].Def.Name, inst.Name}})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		want, _ := reconcile.Want(v, spec.Facts{})
		if p := reconcile.NewPlan(reconcile.PlanInput{Want: want}); p.Changes() != 5000 {
			b.Fatal(p.Changes())
		}
	}
}
