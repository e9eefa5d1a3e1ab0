package agent

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// run are the real servers whose checks are run along the real path.
func (v *verdicts) run() (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.checks {
		if c.Path.Mark != 0 {
			out = append(out, c.Path.RealServer.String())
		}
	}
	return out
}

// ways are the real servers of private services that the kernel holds, each with its weight 1.
func (r *rig) ways() (out []string) {
	r.t.Helper()
	for _, d := range r.kernel.State().Dests {
		if d.Key.Service.Private() {
			out = append(out, d.Key.Addr.Addr().String())
			if d.Value != (spec.Dest{Weight: 1, Forward: spec.DR}) {
				r.t.Errorf("%s is %+v", d.Key, d.Value)
			}
		}
	}
	slices.Sort(out)
	return out
}

// public is a state without what checks along the real path have there.
func public(s spec.State) spec.State {
	s.Services = slices.DeleteFunc(slices.Clone(s.Services), func(r spec.Row[spec.ServiceKey, spec.Service]) bool { return r.Key.Private() })
	s.Dests = slices.DeleteFunc(slices.Clone(s.Dests), func(r spec.Row[spec.DestKey, spec.Dest]) bool { return r.Key.Service.Private() })
	s.Sysctls = slices.DeleteFunc(slices.Clone(s.Sysctls), func(r spec.Row[spec.SysctlKey, spec.Setting]) bool { return r.Key == spec.AcceptLocal })
	return s
}

// A private service is there before its check runs, stays as it is whatever becomes of its real server, and goes with it.
func TestPathsOfChecks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		expect := func(want ...string) {
			t.Helper()
			if got, run := r.ways(), r.health.run(); !slices.Equal(got, want) || !slices.Equal(run, want) {
				t.Errorf("private services for %v, checks of %v, want both for %v", got, run, want)
			}
		}
		r.repo.commit("a", "", "pool pathed drain=1h\n80 wrr 21=5 22=5")
		r.start()
		expect("192.0.2.21", "192.0.2.22")
		if s := r.status(); s.Services != 1 || s.RealServers != 2 {
			t.Errorf("private services are counted: %d, %d", s.Services, s.RealServers)
		}
		r.check("22", spec.CheckDown)
		expect("192.0.2.21", "192.0.2.22")
		if _, err := r.override("192.0.2.21:80", 9, 1e12); err != nil {
			t.Error(err)
		}
		expect("192.0.2.21", "192.0.2.22")
		r.check("22", spec.CheckUp)
		r.repo.commit("b", "a", "pool pathed drain=1h\n80 wrr 21=5")
		r.pass(r.cfg.Poll)
		expect("192.0.2.21") // 22 drains, and is not probed
		r.repo.commit("c", "b", "pool checked\n80 wrr 21=5")
		r.pass(r.cfg.Poll)
		expect()
		r.end()
	})
}

// Without its private service a probe would go where clients' packets go: it is not made.
func TestChecksWaitForTheirPath(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool pathed\n80 wrr 21=5 22=5")
		r.start()
		if _, err := r.do(spec.Suspend, "", 0); err != nil {
			t.Fatal(err)
		}
		gone := r.kernel.State()
		gone.Services, gone.Dests = slices.Clone(gone.Services[:2]), slices.Clone(gone.Dests[:3])
		last := gone.Dests[2].Key.Addr.Addr().String()
		for _, s := range reconcile.NewPlan(reconcile.PlanInput{Want: gone, Live: r.kernel.State(), Owned: reconcile.Owned{}.Claim(r.kernel.State())}).Steps {
			r.edit(s.Changes...)
		}
		r.pass(r.cfg.Look)
		if got := r.health.run(); !slices.Equal(got, []string{last}) {
			t.Errorf("checks of %v are run, want %s alone", got, last)
		}
		if s := r.status(); s.Services != 1 || s.RealServers != 2 || len(s.Drift) != 2 {
			t.Errorf("%d services, %d real servers, drift %+v", s.Services, s.RealServers, s.Drift)
		}
		if _, err := r.do(spec.Resume, "", 0); err != nil {
			t.Fatal(err)
		}
		r.pass(r.cfg.Look)
		if got := r.health.run(); len(got) != 2 {
			t.Errorf("checks of %v are run, want both", got)
		}
		r.end()
	})
}

// A trial counts the connections of clients, and has no place to spare for those of checks.
func TestTrialLeavesPathsOut(t *testing.T) {
	own, way := spec.MarkService(7, spec.IPv4), spec.MarkService(spec.PathMarks|7, spec.IPv4)
	at := netip.MustParseAddrPort("192.0.2.21:0")
	p := spec.Plan{Steps: []spec.Step{{Changes: []spec.Change{
		{Key: way}, {Key: spec.DestKey{Service: way, Addr: at}}, {Key: spec.DestKey{Service: own, Addr: at}},
	}}}}
	if got := touched(p); !slices.Equal(got, []spec.ServiceKey{own}) {
		t.Error(got)
	}
}
