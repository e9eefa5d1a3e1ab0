package reconcile_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// driftingView is a director with two clusters: "web" serves 192.0.2.1:80, "dns" 192.0.2.2:80; both have connection sync and hold
// the timeouts and sysctls.
func driftingView(web, dns spec.DriftRules) spec.View {
	held := func(keys ...spec.SysctlKey) (out []spec.Sysctl) {
		for _, k := range keys {
			out = append(out, spec.Sysctl{Key: k, Value: "1"})
		}
		return out
	}
	cluster := func(name string, host byte, rules spec.DriftRules) spec.Cluster {
		c := syncing(name, 1, spec.SyncBoth, "")
		c.Sync.Sysctls, c.Drift = held("net.ipv4.vs.sync_ports"), rules
		c.Timeouts = []spec.Timeout{{Key: spec.TimeoutUDP, Value: time.Minute}}
		c.VirtualServers = []spec.Placed[spec.VirtualServer]{{Def: &spec.VirtualServer{
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, host})}, Ports: []uint16{80}, Protocol: spec.TCP, Service: spec.Service{Scheduler: "rr"},
			RealServers: []spec.RealServer{server("192.0.2.21", 1, 2), server("192.0.2.22", 1, 3)}, At: spec.Mark{Line: 1}}, Place: c.Place}}
		return c
	}
	return viewOf(held("net.core.somaxconn"), cluster("web", 1, web), cluster("dns", 2, dns))
}

func TestDriftByClass(t *testing.T) {
	const enforce, warn, off = spec.DriftEnforce, spec.DriftWarn, spec.DriftOff
	type rules = spec.DriftRules
	weight := func(s *spec.State) { s.Dests[0].Value.Weight = 9 }
	scheduler := func(s *spec.State) { s.Services[0].Value.Scheduler = "lc" }
	gone := func(s *spec.State) { s.Services, s.Dests = s.Services[1:], s.Dests[2:] }
	syncless := func(s *spec.State) { s.Daemons = nil }
	udp := func(s *spec.State) { s.Timeouts[0].Value = 7 }
	port := func(s *spec.State) { s.Sysctls[1].Value = "2" }
	own := func(s *spec.State) { s.Sysctls[0].Value = "2" }
	extra := func(s *spec.State) {
		k := s.Dests[1].Key
		k.Addr = netip.MustParseAddrPort("192.0.2.23:80")
		s.Dests = append(s.Dests[:2:2], append(spec.Rows[spec.DestKey, spec.Dest]{{Key: k, Value: s.Dests[1].Value}}, s.Dests[2:]...)...)
	}
	for _, c := range []struct {
		name           string
		web, dns       rules
		hand           func(*spec.State)
		repaired, left string
	}{
		{"enforced", rules{}, rules{}, weight, "~192.0.2.1:80 > 192.0.2.21:80", ""},
		{"warned of", rules{RealServers: warn}, rules{}, weight, "", "~192.0.2.1:80 > 192.0.2.21:80 (its drift is only reported)"},
		{"off", rules{RealServers: off}, rules{}, weight, "", ""},
		{"the other cluster's rules are its own", rules{}, rules{RealServers: off}, weight, "~192.0.2.1:80 > 192.0.2.21:80", ""},
		{"a real server too many", rules{RealServers: warn}, rules{}, extra, "", "-192.0.2.1:80 > 192.0.2.23:80 (its drift is only reported)"},
		{"another class", rules{Services: warn}, rules{}, weight, "~192.0.2.1:80 > 192.0.2.21:80", ""},
		{"a service's settings do not hold back its real servers", rules{Services: warn}, rules{}, func(s *spec.State) { scheduler(s); weight(s) },
			"~192.0.2.1:80 > 192.0.2.21:80", "~192.0.2.1:80 (its drift is only reported)"},
		{"without the service its real servers cannot be", rules{Services: warn}, rules{}, gone, "",
			"+192.0.2.1:80 (its drift is only reported), +192.0.2.1:80 > 192.0.2.21:80 (service tcp 192.0.2.1:80 is not put back), +192.0.2.1:80 > 192.0.2.22:80 (service tcp 192.0.2.1:80 is not put back)"},
		{"nor reported when both are off", rules{Services: off, RealServers: off}, rules{}, gone, "", ""},
		{"a service without its real servers", rules{RealServers: warn}, rules{}, gone, "+192.0.2.1:80",
			"+192.0.2.1:80 > 192.0.2.21:80 (its drift is only reported), +192.0.2.1:80 > 192.0.2.22:80 (its drift is only reported)"},
		{"daemons of two clusters: the strictest", rules{SyncDaemons: off}, rules{SyncDaemons: enforce}, syncless, "+backup, +master", ""},
		{"daemons of two clusters: warn before off", rules{SyncDaemons: off}, rules{SyncDaemons: warn}, syncless, "", "+master (its drift is only reported), +backup (its drift is only reported)"},
		{"timeouts", rules{Settings: warn}, rules{Settings: warn}, udp, "", "~udp (its drift is only reported)"},
		{"sysctls of sync", rules{Settings: off}, rules{Settings: off}, port, "", ""},
		{"the director's own sysctls", rules{Settings: off}, rules{Settings: off}, own, "~net.core.somaxconn", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := driftingView(c.web, c.dns)
			want, holds := reconcile.Want(v, spec.Facts{})
			if len(holds) > 0 {
				t.Fatal(holds)
			}
			live, _ := reconcile.Want(v, spec.Facts{})
			c.hand(&live)
			p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &want, Live: live, Owned: reconcile.Owned{}.Claim(want), Drift: reconcile.DriftPolicy{View: v}})
			repaired, left := driftText(p)
			if repaired != c.repaired || left != c.left {
				t.Errorf("repaired %q, left %q", repaired, left)
			}
			if empty := reconcile.NewPlan(reconcile.PlanInput{}); (p.Digest == empty.Digest) != (c.repaired == "") {
				t.Errorf("the digest is not of what is done: %s", p.Digest)
			}
		})
	}
}

func driftText(p spec.Plan) (repaired, left string) {
	name := func(c spec.Change) string { return string(rune(c.Action)) + strings.TrimPrefix(c.Key.String(), "tcp ") }
	var did, not []string
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			did = append(did, name(c))
		}
	}
	for _, l := range p.Left {
		not = append(not, fmt.Sprintf("%s (%s)", name(l.Change), l.Why))
	}
	return strings.Join(did, ", "), strings.Join(not, ", ")
}

// What a commit asks for is done whatever the rules of drift say.
func TestCommitsAreNotDrift(t *testing.T) {
	v := driftingView(spec.DriftRules{RealServers: spec.DriftOff}, spec.DriftRules{})
	want, _ := reconcile.Want(v, spec.Facts{})
	prior, _ := reconcile.Want(v, spec.Facts{})
	prior.Dests[0].Value.Weight = 3
	p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &prior, Live: prior, Owned: reconcile.Owned{}.Claim(want), Drift: reconcile.DriftPolicy{View: v}})
	if repaired, left := driftText(p); repaired != "~192.0.2.1:80 > 192.0.2.21:80" || left != "" {
		t.Errorf("repaired %q, left %q", repaired, left)
	}
}

func TestFlappingIsLeft(t *testing.T) {
	now := time.Unix(1e9, 0)
	ago := func(minutes ...int) (out []time.Time) {
		for _, m := range minutes {
			out = append(out, now.Add(-time.Duration(m)*time.Minute))
		}
		return out
	}
	v := driftingView(spec.DriftRules{MostAnHour: 3}, spec.DriftRules{})
	want, _ := reconcile.Want(v, spec.Facts{})
	dest, service := want.Dests[0].Key, want.Services[0].Key
	weight := func(s *spec.State) { s.Dests[0].Value.Weight = 9 }
	gone := func(s *spec.State) { s.Services, s.Dests = s.Services[1:], s.Dests[2:] }
	for _, c := range []struct {
		name           string
		repaired       reconcile.Repaired
		hand           func(*spec.State)
		did, left      string
		flapping       int
		withoutTheCaps bool
	}{
		{"often, but not too often", reconcile.Repaired{dest: ago(50, 30)}, weight, "~192.0.2.1:80 > 192.0.2.21:80", "", 0, false},
		{"too often", reconcile.Repaired{dest: ago(50, 30, 1)}, weight, "", "~192.0.2.1:80 > 192.0.2.21:80 (put right 3 times within the last hour)", 1, false},
		{"without a limit", reconcile.Repaired{dest: ago(50, 30, 1)}, weight, "~192.0.2.1:80 > 192.0.2.21:80", "", 0, true},
		{"an hour ago", reconcile.Repaired{dest: ago(60, 30, 1)}, weight, "~192.0.2.1:80 > 192.0.2.21:80", "", 0, false},
		{"a service that is gone, within the minute", reconcile.Repaired{service: ago(2, 1, 0), dest: ago(2, 1, 0)}, gone, "",
			"+192.0.2.1:80 (put right 3 times within the last hour), +192.0.2.1:80 > 192.0.2.21:80 (service tcp 192.0.2.1:80 is not put back), +192.0.2.1:80 > 192.0.2.22:80 (service tcp 192.0.2.1:80 is not put back)", 2, false},
		{"a service that is gone, after it", reconcile.Repaired{service: ago(3, 2, 1), dest: ago(2, 1, 0)}, gone,
			"+192.0.2.1:80, +192.0.2.1:80 > 192.0.2.21:80, +192.0.2.1:80 > 192.0.2.22:80", "", 2, false},
		{"a service with other settings", reconcile.Repaired{service: ago(3, 2, 1)}, func(s *spec.State) { s.Services[0].Value.Scheduler = "lc" }, "",
			"~192.0.2.1:80 (put right 3 times within the last hour)", 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := v
			if c.withoutTheCaps {
				v = driftingView(spec.DriftRules{}, spec.DriftRules{})
			}
			live, _ := reconcile.Want(v, spec.Facts{})
			c.hand(&live)
			rules := reconcile.DriftPolicy{View: v, Repaired: c.repaired, Now: now}
			p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &want, Live: live, Owned: reconcile.Owned{}.Claim(want), Drift: rules})
			if did, left := driftText(p); did != c.did || left != c.left {
				t.Errorf("did %q, left %q", did, left)
			}
			if got := rules.Flapping(); len(got) != c.flapping {
				t.Errorf("flapping %+v", got)
			}
		})
	}
}

func TestRepairedForgets(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := reconcile.Repaired{}
	k := spec.RoleMaster
	r.Note([]spec.Change{{Key: k, Reason: spec.ByDrift}, {Key: spec.RoleBackup, Reason: spec.ByCommit}}, now)
	r.Note([]spec.Change{{Key: k, Reason: spec.ByDrift}}, now.Add(time.Minute))
	if r.Forget(now.Add(time.Hour)); len(r) != 1 || len(r[k]) != 1 {
		t.Errorf("%+v", r)
	}
	if r.Forget(now.Add(time.Hour + time.Minute)); len(r) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestSweeping(t *testing.T) {
	dest := func(n int) spec.DestKey {
		return spec.DestKey{Service: spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80")), Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 80)}
	}
	service := func(n int) spec.ServiceKey {
		return spec.AddrService(spec.TCP, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 80))
	}
	state := spec.State{Services: make(spec.Rows[spec.ServiceKey, spec.Service], 20), Dests: make(spec.Rows[spec.DestKey, spec.Dest], 40)}
	plan := func(n int, c func(int) spec.Change) spec.Plan {
		var cs []spec.Change
		for i := range n {
			cs = append(cs, c(i))
		}
		return spec.Plan{Steps: []spec.Step{{Changes: cs}}}
	}
	removed := func(i int) spec.Change {
		return spec.Change{Key: dest(i), Action: spec.Remove, Before: spec.Dest{Weight: 1}}
	}
	zeroed := func(i int) spec.Change {
		return spec.Change{Key: dest(i), Action: spec.Edit, Before: spec.Dest{Weight: 1}, After: spec.Dest{}}
	}
	weighed := func(i int) spec.Change {
		return spec.Change{Key: dest(i), Action: spec.Edit, Before: spec.Dest{Weight: 1}, After: spec.Dest{Weight: 2}}
	}
	without := func(i int) spec.Change { return spec.Change{Key: service(i), Action: spec.Remove} }
	vanished := func(reason spec.Reason) func(i int) spec.Change {
		return func(i int) spec.Change { return spec.Change{Key: dest(i), Action: spec.Add, Reason: reason} }
	}
	for _, c := range []struct {
		name string
		plan spec.Plan
		want bool
	}{
		{"a quarter", plan(10, removed), false},
		{"more than a quarter", plan(11, removed), true},
		{"set to weight 0", plan(11, zeroed), true},
		{"other weights", plan(40, weighed), false},
		{"services", plan(6, without), true},
		{"a quarter of the services", plan(5, without), false},
		{"half has vanished", plan(20, vanished(spec.ByDrift)), false},
		{"more than half has vanished", plan(21, vanished(spec.ByDrift)), true},
		{"the commit adds them", plan(40, vanished(spec.ByCommit)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reconcile.Sweeping(c.plan, state, state); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
	few := spec.State{Dests: make(spec.Rows[spec.DestKey, spec.Dest], 4)}
	if reconcile.Sweeping(plan(4, removed), few, few) {
		t.Error("four of four are few")
	}
}
