package reconcile_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var alongRealPath = []spec.HealthCheck{{Kind: "tcp", Settings: []spec.Attr{{Name: "real_path", Value: "true"}}}}

// pathedView is driftingView with checks along the real path in cluster web.
func pathedView(web, dns spec.DriftRules) spec.View {
	v := driftingView(web, dns)
	vs := v.Clusters[0].VirtualServers[0].Def
	vs.HealthChecks, vs.Paths = alongRealPath, len(vs.RealServers)
	vs.RealServers[1].Dest = spec.Dest{Weight: 0, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}, Upper: 10}
	return v
}

// privateRows are those of private services.
func privateRows(s spec.State) (services spec.Rows[spec.ServiceKey, spec.Service], dests spec.Rows[spec.DestKey, spec.Dest]) {
	for _, r := range s.Services {
		if r.Key.Private() {
			services = append(services, r)
			dests = append(dests, s.DestsOf(r.Key)...)
		}
	}
	return services, dests
}

// Each path is a service with one real server, forwarded as its own service forwards it, whatever else is asked of that.
func TestWantOfPaths(t *testing.T) {
	v := pathedView(spec.DriftRules{}, spec.DriftRules{})
	web := v.Clusters[0].VirtualServers[0].Def.Keys()[0]
	first, second := v.Clusters[0].VirtualServers[0].Def.RealServers[0].Key(web), v.Clusters[0].VirtualServers[0].Def.RealServers[1].Key(web)
	s, holds := reconcile.Want(v, spec.Facts{
		Now:       noon,
		Overrides: []spec.Override{{Key: first, Weight: 7, Until: noon.Add(time.Hour)}},
		Pools:     map[spec.ServiceKey]spec.PoolFact{web: {Members: []spec.MemberFact{{Key: second, Gone: true}}}},
	})
	services, dests := privateRows(s)
	if len(services) != 2 || len(dests) != 2 || len(holds) != 0 {
		t.Fatalf("%+v %+v %v", services, dests, holds)
	}
	byMark := map[spec.ServiceKey]spec.Dest{}
	for i, r := range services {
		if r.Value != (spec.Service{Scheduler: "rr", Flags: spec.OnePacket}) || r.Pos.File == "" || dests[i].Key.Addr.Port() != 0 {
			t.Errorf("%+v %+v", r, dests[i])
		}
		byMark[r.Key] = dests[i].Value
	}
	for _, p := range v.Paths() {
		want := spec.Dest{Weight: 1, Forward: spec.DR}
		if p.Of == second {
			want = spec.Dest{Weight: 1, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}
		}
		if byMark[p.Key] != want {
			t.Errorf("%s: %+v, want %+v", p.Of, byMark[p.Key], want)
		}
	}
	if got := s.DestsOf(web); len(got) != 1 || got[0].Value.Weight != 7 {
		t.Errorf("%+v", got)
	}
}

// What answers from a virtual address is taken in where this host has that address, unless the director says otherwise.
func TestWantOfAcceptLocal(t *testing.T) {
	setting := func(v spec.View) spec.Setting {
		s, _ := reconcile.Want(v, spec.Facts{})
		r, _ := s.Sysctls.Find(spec.AcceptLocal)
		return r.Value
	}
	v := pathedView(spec.DriftRules{}, spec.DriftRules{})
	if got := setting(v); got != "1" {
		t.Errorf("%q", got)
	}
	if got := setting(driftingView(spec.DriftRules{}, spec.DriftRules{})); got != "" {
		t.Errorf("without a check along the real path: %q", got)
	}
	v.Director.Def.Sysctls = append(v.Director.Def.Sysctls, spec.Sysctl{Key: spec.AcceptLocal, Value: "0"})
	if got := setting(v); got != "0" {
		t.Errorf("against what the director says: %q", got)
	}
	v = pathedView(spec.DriftRules{}, spec.DriftRules{})
	vs := v.Clusters[0].VirtualServers[0].Def
	vs.Addresses = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
	vs.RealServers = []spec.RealServer{{Addr: netip.MustParseAddrPort("[2001:db8::21]:0"), Dest: spec.Dest{Forward: spec.DR}}}
	vs.Paths = 1
	if got := setting(v); got != "" {
		t.Errorf("IPv6: %q", got)
	}
}

// The rows of private services are taken over like those of others.
func TestWantAfterKeepsRowsOfPaths(t *testing.T) {
	v := pathedView(spec.DriftRules{}, spec.DriftRules{})
	was, _ := reconcile.Want(v, spec.Facts{})
	next := viewOf(v.Director.Def.Sysctls, v.Clusters...)
	next.Clusters = slices.Clone(v.Clusters)
	other := *v.Clusters[1].VirtualServers[0].Def
	other.HealthChecks, other.Paths = alongRealPath, 2
	next.Clusters[1].VirtualServers = []spec.Placed[spec.VirtualServer]{{Def: &other, Place: v.Clusters[1].Place}}
	got, _ := reconcile.WantAfter(v, was, next, spec.Facts{})
	if services, _ := privateRows(got); len(services) != 4 {
		t.Errorf("%+v", services)
	}
	again, _ := reconcile.WantAfter(next, got, next, spec.Facts{})
	if &again.Dests[0] != &got.Dests[0] || &again.Services[0] != &got.Services[0] {
		t.Error("rows were made anew though nothing changed")
	}
	back, _ := reconcile.WantAfter(next, got, v, spec.Facts{})
	if !slices.Equal(back.Services, was.Services) || !slices.Equal(back.Dests, was.Dests) {
		t.Errorf("%+v", back.Services)
	}
}

// A removed real server drains in its service, and its private service goes at once.
func TestPathGoesWhileItsRealServerDrains(t *testing.T) {
	v := pathedView(spec.DriftRules{}, spec.DriftRules{})
	was, _ := reconcile.Want(v, spec.Facts{})
	less := *v.Clusters[0].VirtualServers[0].Def
	less.DrainTimeout, less.RealServers, less.Paths = time.Minute, less.RealServers[:1], 1
	next := viewOf(v.Director.Def.Sysctls, slices.Clone(v.Clusters)...)
	next.Clusters[0].VirtualServers = []spec.Placed[spec.VirtualServer]{{Def: &less, Place: v.Clusters[0].Place}}
	want, _ := reconcile.Want(next, spec.Facts{})
	p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &was, Live: was, Owned: reconcile.Owned{}.Claim(was), Drift: reconcile.DriftPolicy{View: next}})
	var got []string
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			k, _ := c.Key.(spec.DestKey)
			got = append(got, c.Action.String()+" "+string(c.Key.Kind())+map[bool]string{true: " private"}[spec.OfPath(c.Key)]+map[bool]string{true: " drains"}[c.Drain > 0 && !k.Service.Private()])
		}
	}
	if want := []string{"edit real server drains", "remove real server private", "remove service private"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The rules of drift are those of the cluster whose checks go through a private service.
func TestDriftOfPaths(t *testing.T) {
	for _, c := range []struct {
		web, dns spec.DriftMode
		changes  int
	}{{spec.DriftEnforce, spec.DriftWarn, 2}, {spec.DriftWarn, spec.DriftEnforce, 0}} {
		v := pathedView(spec.DriftRules{Services: c.web, RealServers: c.web}, spec.DriftRules{Services: c.dns, RealServers: c.dns})
		want, _ := reconcile.Want(v, spec.Facts{})
		live := want
		live.Services, live.Dests = live.Services[:len(live.Services)-1], live.Dests[:len(live.Dests)-1]
		p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &want, Live: live, Owned: reconcile.Owned{}.Claim(want), Drift: reconcile.DriftPolicy{View: v}})
		if p.Changes() != c.changes {
			t.Errorf("%v: %v", c, p.Steps)
		}
	}
}

func TestPassable(t *testing.T) {
	v := pathedView(spec.DriftRules{}, spec.DriftRules{})
	vs := v.Clusters[0].VirtualServers[0].Def
	web := vs.Keys()[0]
	a, b := vs.Checks(&vs.RealServers[0], web)[0], vs.Checks(&vs.RealServers[1], web)[0]
	plain := spec.Check{Kind: "tcp"}
	all := []spec.Check{a, plain, b}
	live, _ := reconcile.Want(v, spec.Facts{})
	at := slices.IndexFunc(live.Dests, func(r spec.Row[spec.DestKey, spec.Dest]) bool { return r.Key.Service == a.Service() })
	for name, spoil := range map[string]func(*spec.State){
		"gone":           func(s *spec.State) { s.Dests = slices.Delete(s.Dests, at, at+1) },
		"another's":      func(s *spec.State) { s.Dests[at].Key.Addr = netip.MustParseAddrPort("192.0.2.99:0") },
		"without weight": func(s *spec.State) { s.Dests[at].Value.Weight = 0 },
		"not alone": func(s *spec.State) {
			more := s.Dests[at]
			more.Key.Addr = netip.MustParseAddrPort("192.0.2.99:0")
			s.Dests = slices.Insert(s.Dests, at+1, more)
		},
	} {
		s := live
		s.Dests = slices.Clone(live.Dests)
		spoil(&s)
		if open, shut := reconcile.Passable(all, s); !slices.Equal(open, []spec.Check{plain, b}) || !slices.Equal(shut, []uint32{a.Path.Mark}) {
			t.Errorf("%s: %v, %v", name, open, shut)
		}
	}
	if open, shut := reconcile.Passable(all, live); !slices.Equal(open, all) || len(shut) > 0 {
		t.Errorf("%v, %v", open, shut)
	}
}
