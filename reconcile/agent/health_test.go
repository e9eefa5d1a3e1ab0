package agent

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// verdicts are checks of which the test says what they come to.
type verdicts struct {
	mu      sync.Mutex
	checks  []spec.Check
	states  map[spec.Check]spec.CheckState
	news    []spec.Verdict
	changed chan struct{}
}

func newVerdicts() *verdicts { return &verdicts{changed: make(chan struct{}, 1)} }

func (v *verdicts) Set(checks []spec.Check, states map[spec.Check]spec.CheckState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checks, v.states = checks, states
}

func (v *verdicts) Changed() <-chan struct{} { return v.changed }
func (v *verdicts) Counts() spec.CheckCounts { return spec.CheckCounts{} }

func (v *verdicts) News() []spec.Verdict {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := v.news
	v.news = nil
	return out
}

// check says that the checks of a host are up or down, and lets the agent hear it.
func (r *rig) check(host string, state spec.CheckState) {
	r.t.Helper()
	v := r.health
	v.mu.Lock()
	heard := false
	for _, c := range v.checks {
		if c.Probed() == netip.MustParseAddr("192.0.2."+host) {
			heard = true
			v.news = append(v.news, spec.Verdict{Check: c, State: state, Weight: -1, Why: map[spec.CheckState]string{spec.CheckDown: "refused"}[state]})
		}
	}
	v.mu.Unlock()
	if !heard {
		r.t.Fatalf("no check of %s is run", host)
	}
	select {
	case v.changed <- struct{}{}:
	default:
	}
	r.pass(0)
}

// healthRecords are the records of pools, as "event after result".
func (r *rig) healthRecords() (out []string) {
	for _, rec := range r.records() {
		if slices.Contains([]journal.Event{journal.Health, journal.Quorum, journal.Brake, journal.DrainEnded}, rec.Event) {
			out = append(out, strings.Join(strings.Fields(rec.Event.String()+" "+rec.After+" "+rec.Result), " "))
		}
	}
	return out
}

func TestVerdictReachesTheKernel(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1\n90 rr 22=1 23=1")
		r.start()
		r.holds("80 wrr 21=1 22=1\n90 rr 22=1 23=1")
		r.byHand("80 wrr 21=7 22=1\n90 rr 22=1 23=1") // which nobody has read yet
		r.check("22", spec.CheckDown)
		r.holds("80 wrr 21=7\n90 rr 23=1")
		r.check("22", spec.CheckUp)
		r.holds("80 wrr 21=7 22=1\n90 rr 22=1 23=1")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=1 22=1\n90 rr 22=1 23=1")
		r.pass(r.cfg.Resync)
		if s := r.status(); len(s.Drift) != 0 || s.Repaired != 1 || s.Phase != spec.Idle {
			t.Errorf("%+v", s)
		}
		if got := strings.Join(r.healthRecords(), "; "); got != "health real_server=down refused; health real_server=down refused; health real_server=up; health real_server=up" {
			t.Error(got)
		}
		r.end()
	})
}

// Many changes are few records, and none waits for its record.
func TestHealthIsRecordedAtABoundedRate(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		for range 300 {
			r.check("22", spec.CheckDown)
			r.holds("80 wrr 21=1")
			r.check("22", spec.CheckUp)
			r.holds("80 wrr 21=1 22=1")
		}
		r.pass(recordHealthEvery)
		got := r.healthRecords()
		if len(got) != 1+mostRecorded+1 || got[len(got)-1] != "health 499 more changes" {
			t.Errorf("%d records, the last %q", len(got), got[len(got)-1])
		}
		r.end()
	})
}

// What was out before a restart stays out until a check succeeds, and is no drift; what was in stays in.
func TestRestartGoesOnWithPools(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("22", spec.CheckDown)
		r.end()
		r.health = newVerdicts()
		r.start()
		r.pass(r.cfg.Resync)
		r.holds("80 wrr 21=1")
		if s := r.status(); s.Repaired != 0 || len(s.Drift) != 0 || len(s.Health.Servers) != 2 || s.Health.Servers[1].State != "out" {
			t.Errorf("%+v %+v", s.Drift, s.Health)
		}
		r.check("22", spec.CheckUp)
		r.holds("80 wrr 21=1 22=1")
		r.end()
	})
}

// A commit neither brings back what is out nor waits for it, and its own changes reach those that are in.
func TestCommitBesideVerdicts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("22", spec.CheckDown)
		r.repo.commit("b", "a", "pool checked\n80 wrr 21=5 22=5 23=5")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=5 23=5")
		if s := r.status(); s.Phase != spec.Idle || s.Plan.Add != 1 || s.Plan.Edit != 1 || s.Plan.Remove != 0 {
			t.Errorf("%+v", s.Plan)
		}
		r.check("22", spec.CheckUp)
		r.holds("80 wrr 21=5 22=5 23=5")
		// A verdict of a check that the commit took away is of no account.
		late := r.health.checks
		r.repo.commit("c", "b", "80 wrr 21=5 22=5 23=5")
		r.pass(r.cfg.Poll)
		r.health.checks = late
		r.check("22", spec.CheckDown)
		r.holds("80 wrr 21=5 22=5 23=5")
		r.end()
	})
}

// Neither a repository that does not answer nor a refused commit keeps a failed real server in.
func TestVerdictsGoOnWithoutGit(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		r.repo.commit("b", "a", "deny")
		r.pass(r.cfg.Poll)
		r.phase(spec.Refused)
		r.check("22", spec.CheckDown)
		r.holds("80 wrr 21=1")
		if _, err := r.do(spec.Suspend, "", time.Hour); err != nil {
			t.Fatal(err)
		}
		r.check("21", spec.CheckDown)
		r.holds("80 wrr 21=1") // nothing is written then
		if _, err := r.do(spec.Resume, "", 0); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr")
		r.end()
	})
}

func TestOverrideIsAboveVerdicts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("22", spec.CheckDown)
		if _, err := r.override("192.0.2.22:80", 4, time.Hour); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=1 22=4")
		r.pass(time.Hour)
		r.holds("80 wrr 21=1")
		r.end()
	})
}

func TestSlowStartRises(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked slow=9s\n80 wrr 21=100 22=100")
		r.start()
		r.check("22", spec.CheckDown)
		r.check("22", spec.CheckUp)
		r.holds("80 wrr 21=100 22=10")
		r.pass(4 * time.Second)
		r.holds("80 wrr 21=100 22=50")
		r.pass(5 * time.Second)
		r.holds("80 wrr 21=100 22=100")
		r.end()
	})
}

// What the kernel refuses is tried again.
func TestVerdictThatTheKernelRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		k := spec.DestKey{Service: spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80")), Addr: netip.MustParseAddrPort("192.0.2.22:80")}
		r.kernel.Inject(reconciletest.FailKey(k, errors.New("busy")))
		r.check("22", spec.CheckDown)
		r.holds("80 wrr 21=1 22=1")
		r.phase(spec.Degraded)
		r.kernel.Inject()
		r.pass(longestRetry)
		r.holds("80 wrr 21=1")
		r.phase(spec.Idle)
		r.end()
	})
}

// counting has the kernel count so many connections of each real server.
func (r *rig) counting(active *atomic.Uint32) {
	r.stats = func(_ context.Context, services ...spec.ServiceKey) (spec.Stats, error) {
		var out spec.Stats
		for _, d := range r.kernel.State().Dests {
			if slices.Contains(services, d.Key.Service) {
				out.Dests = append(out.Dests, spec.DestStats{Key: d.Key, Active: active.Load()})
			}
		}
		return out, nil
	}
}

func TestRemovedIsDrained(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var active atomic.Uint32
		active.Store(5)
		r.counting(&active)
		r.repo.commit("a", "", "pool drain=60s\n80 wrr 21=1 22=1 23=1")
		r.start()
		r.repo.commit("b", "a", "pool drain=60s\n80 wrr 21=1")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1 22=0 23=0")
		if s := r.status(); len(s.Health.Drains) != 2 || s.Health.Drains[0].Left != 5 || s.Phase != spec.Idle || s.Applied.Commit.Subject != "b" && !strings.HasPrefix(s.Applied.Commit.ID, "b") {
			t.Errorf("%+v", s.Health)
		}
		// The deadline is kept over a restart, and what git takes back is no drain any more.
		r.end()
		r.start()
		r.holds("80 wrr 21=1 22=0 23=0")
		r.repo.commit("c", "b", "pool drain=60s\n80 wrr 21=1 23=2")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1 22=0 23=2")
		r.pass(time.Minute)
		r.holds("80 wrr 21=1 23=2")
		if got := strings.Join(r.healthRecords(), "; "); got != "drain_ended its time is over, 5 connections are left" {
			t.Error(got)
		}
		r.repo.commit("d", "c", "pool drain=60s\n80 wrr 21=1")
		r.pass(r.cfg.Poll)
		active.Store(0)
		r.pass(countEvery)
		r.holds("80 wrr 21=1")
		r.pass(r.cfg.Resync)
		if s := r.status(); s.Health != nil || s.Repaired != 0 || s.Phase != spec.Idle {
			t.Errorf("%+v", s)
		}
		r.end()
	})
}
