package agent

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// Where nothing can be counted, time decides.
func TestUncountedDrainEndsInTime(t *testing.T) {
	for name, stats := range map[string]func(context.Context, ...spec.ServiceKey) (spec.Stats, error){
		"nobody counts":      nil,
		"the counting fails": func(context.Context, ...spec.ServiceKey) (spec.Stats, error) { return spec.Stats{}, errors.New("busy") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.stats = stats
				r.repo.commit("a", "", "pool drain=60s\n80 wrr 21=1 22=1")
				r.start()
				r.repo.commit("b", "a", "pool drain=60s\n80 wrr 21=1")
				r.pass(r.cfg.Poll)
				r.pass(countEvery)
				r.holds("80 wrr 21=1 22=0")
				s := r.status()
				if d := s.Health.Drains; len(d) != 1 || d[0].Left >= 0 || (s.Kernel != nil) != (stats != nil) {
					t.Errorf("%+v %+v", d, s.Kernel)
				}
				r.pass(time.Minute)
				r.holds("80 wrr 21=1")
				r.phase(spec.Idle)
				if got := strings.Join(r.healthRecords(), "; "); got != "drain_ended its time is over, and what is left could not be counted" {
					t.Error(got)
				}
				r.end()
			})
		})
	}
}

// What the kernel refuses of a commit holds up neither verdicts nor drains, also where no commit was ever made as a whole.
func TestHealthBesideWhatIsRefused(t *testing.T) {
	const refused = "pool checked port=81 drain=60s\nsysctl net.ipv4.vs.conntrack 1\n"
	for name, restart := range map[string]bool{"after the first commit": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.kernel.Inject(reconciletest.FailKey(spec.SysctlKey("net.ipv4.vs.conntrack"), errors.New("no such file")))
				r.repo.commit("a", "", refused+"80 wrr 21=1 22=1 23=1")
				r.start()
				r.pass(time.Minute)
				r.check("23", spec.CheckDown)
				if restart {
					r.end()
					r.start()
					r.pass(r.cfg.Look / 2)
				}
				r.phase(spec.Degraded)
				r.check("22", spec.CheckDown)
				r.holds("80 wrr 21=1")
				r.check("23", spec.CheckUp)
				r.holds("80 wrr 21=1 23=1")
				r.check("22", spec.CheckUp)
				r.holds("80 wrr 21=1 22=1 23=1")
				r.repo.commit("b", "a", refused+"80 wrr 21=1 23=1")
				r.pass(r.cfg.Poll)
				r.holds("80 wrr 21=1 22=0 23=1")
				r.pass(time.Minute)
				r.holds("80 wrr 21=1 23=1")
				r.check("23", spec.CheckDown)
				r.repo.commit("c", "b", refused+"80 wrr 21=1 23=1\n90 wrr 21=1 23=1")
				r.pass(r.cfg.Poll)
				r.holds("80 wrr 21=1\n90 wrr 21=1")
				r.check("23", spec.CheckUp)
				r.holds("80 wrr 21=1 23=1\n90 wrr 21=1 23=1")
				r.phase(spec.Degraded)
				r.end()
			})
		})
	}
}
