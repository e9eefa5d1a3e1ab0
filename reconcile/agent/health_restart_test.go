package agent

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// Weights that are the checks' are no drift after a restart, whatever drift comes to in this cluster: a real server goes on rising from
// where it was, and one that is out comes back when a check succeeds.
func TestRestartIsNoDrift(t *testing.T) {
	for name, warn := range map[string]string{"enforced": "", "only reported": "warn\n"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", warn+"pool checked slow=90s\n80 wrr 21=100 22=100 23=100")
				r.start()
				r.check("22", spec.CheckDown)
				r.check("22", spec.CheckUp)
				r.check("23", spec.CheckDown)
				r.pass(10 * time.Second)
				r.holds("80 wrr 21=100 22=20")
				r.end()
				r.health = newVerdicts()
				r.start()
				r.holds("80 wrr 21=100 22=20")
				r.check("21", spec.CheckUp)
				r.check("22", spec.CheckUp)
				r.check("23", spec.CheckUp)
				r.holds("80 wrr 21=100 22=20 23=10")
				r.pass(2 * time.Minute)
				r.holds("80 wrr 21=100 22=100 23=100")
				for _, rec := range r.records() {
					if rec.Event == journal.Drift && rec.Kind == "real_server" {
						t.Errorf("%+v", rec)
					}
				}
				r.end()
			})
		})
	}
}

// The same where something else cannot be put right, so that nothing ever says that all is as it should be.
func TestRestartBesideAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "warn\n90 rr 30=1\npool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("22", spec.CheckDown)
		r.end()
		r.health = newVerdicts()
		r.byHand("90 wrr 30=1\n80 wrr 21=1")
		r.kernel.Inject(reconciletest.FailKey(spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:90")), errors.New("busy")))
		r.start()
		r.phase(spec.Degraded)
		r.check("22", spec.CheckUp)
		r.holds("90 wrr 30=1\n80 wrr 21=1 22=1")
		r.end()
	})
}

// An override that takes a real server out of the traffic is no failure of it after a restart.
func TestRestartUnderAnOverride(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("21", spec.CheckUp)
		r.check("22", spec.CheckUp)
		if _, err := r.override("192.0.2.22:80", 0, time.Hour); err != nil {
			t.Fatal(err)
		}
		r.end()
		r.health = newVerdicts()
		r.start()
		r.holds("80 wrr 21=1 22=0")
		for _, s := range r.status().Health.Servers {
			if s.State == "out" {
				t.Errorf("%+v", s)
			}
		}
		if _, err := r.clear("192.0.2.22:80"); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=1 22=1")
		r.end()
	})
}

// A verdict that comes between a change of role and its news does not hide it.
func TestVerdictBesideARole(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1\nvrrp web 100 90\nfollow web")
		r.vrrp.roles = map[string]spec.Role{"web": spec.RoleBackup}
		r.start()
		r.daemons(spec.RoleBackup)
		r.vrrp.mu.Lock()
		r.vrrp.roles = map[string]spec.Role{"web": spec.RoleMaster}
		r.vrrp.mu.Unlock()
		r.check("22", spec.CheckDown)
		r.vrrp.turn(func() {})
		r.pass(r.cfg.Look)
		r.daemons(spec.RoleMaster)
		r.end()
	})
}

// A brake outlives the agent, and when it is let go those whom it held have time to come up.
func TestBrakeOverARestart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "brake service=50\npool checked\n80 wrr 21=1 22=1 23=1 24=1")
		r.start()
		for _, host := range []string{"21", "22", "23", "24"} {
			r.check(host, spec.CheckUp)
		}
		r.check("21", spec.CheckDown)
		r.pass(time.Hour)
		for _, host := range []string{"22", "23", "24"} {
			r.check(host, spec.CheckDown)
		}
		held := "80 wrr 24=1" // the others were out before more than half had failed
		r.holds(held)
		r.pass(recordHealthEvery)
		r.end()
		r.health = newVerdicts()
		r.start()
		for _, host := range []string{"24", "23", "22", "21"} {
			r.check(host, spec.CheckDown)
			r.holds(held)
		}
		r.check("21", spec.CheckUp)
		r.check("23", spec.CheckUp)
		r.holds("80 wrr 21=1 23=1 24=1")
		r.pass(time.Minute)
		r.holds("80 wrr 21=1 23=1")
		r.end()
	})
}
