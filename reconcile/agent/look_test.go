package agent

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// by hand changes the kernel as ipvsadm would: whatever turns it into the fleet.
func (r *rig) byHand(fleet string) {
	r.t.Helper()
	r.kernel.Inject()
	defer func() { r.kernel.Inject(r.faults...) }()
	for _, p := range reconcile.NewPlan(reconcile.PlanInput{Want: stateOf(r.t, fleet), Live: r.kernel.State(), Owned: reconcile.Owned{}.Claim(r.kernel.State())}).Steps {
		if err := errors.Join(r.kernel.Apply(r.t.Context(), p.Changes)...); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestDriftIsRepaired(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1 22=1")
		r.start()
		from := r.next()
		r.byHand("80 rr 21=1")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=1 22=1")
		want := []string{"drift a", "drift a", "planned a", "intent a", "step a", "step a", "applied a"}
		if got := r.events(from); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		if rec := r.records()[from-1]; rec.Key != "tcp 192.0.2.1:80 > 192.0.2.22:80" || rec.After != "" || rec.Before != "weight=1 forwarding=dr" {
			t.Errorf("drift record %+v", rec)
		}
		if s := r.status(); s.Repaired != 2 || len(s.Drift) != 0 || s.Phase != spec.Idle || s.Plan.Drifted != 2 {
			t.Errorf("status %+v", s)
		}
		r.end()
	})
}

func TestNothingToDoWritesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		from, ops, since := r.next(), len(r.kernel.History()), r.status().Since
		r.pass(time.Hour)
		if got := r.status().Since; !got.Equal(since) {
			t.Errorf("idle since %v after looking around, %v before", got, since)
		}
		if got := r.events(from); len(got) != 0 || len(r.kernel.History()) != ops {
			t.Errorf("an idle hour wrote %q and %d operations", got, len(r.kernel.History())-ops)
		}
		if n := r.repo.asked(); n < 119 || n > 122 {
			t.Errorf("%d fetches in an hour of 30 s", n)
		}
		r.end()
	})
}

func TestForeignObjectsAreLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.byHand("90 rr 30=1")
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		r.holds("80 wrr 21=1\n90 rr 30=1")
		if s := r.status(); len(s.Foreign) != 2 || s.Foreign[1].Key != "tcp 192.0.2.1:90" && s.Foreign[0].Key != "tcp 192.0.2.1:90" || s.Services != 1 || s.Phase != spec.Idle {
			t.Errorf("status %+v", s)
		}
		r.end()
	})
}

// A fleet that wants what is there already takes it over: nothing is written, and from then on it is ours.
func TestAdoption(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.byHand("80 wrr 21=1\n90 rr 30=1")
		r.repo.commit("a", "", "80 wrr 21=1\n90 rr 30=1")
		ops := len(r.kernel.History())
		r.start()
		if n := len(r.kernel.History()) - ops; n != 0 {
			t.Errorf("%d operations for what was there already", n)
		}
		r.repo.commit("b", "a", "80 wrr 21=1")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1")
		r.end()
	})
}

func TestKernelComesLater(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		gate := &gated{Target: r.kernel, err: errors.New("the kernel has no IPVS")}
		r.start()
		r.end()
		r.kernel = reconciletest.New(spec.State{})
		gate.Target = r.kernel
		a := r.open()
		a.parts.Target = gate
		r.run(a)
		s := r.status()
		if s.Phase != spec.Degraded || s.Kernel == nil || s.Kernel.Error != "the kernel has no IPVS" || !slices.Contains(r.told(), "READY=1") {
			t.Errorf("status %+v", s)
		}
		r.pass(30 * time.Minute)
		if s := r.status(); time.Since(s.Kernel.Since) < 30*time.Minute {
			t.Errorf("kernel problem since %v", s.Kernel.Since)
		}
		gate.set(nil)
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=1")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestOneFailureStopsNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1\n90 mh 30=1")
		bad := stateOf(t, "90 mh").Services[0].Key
		r.kernel.Inject(reconciletest.FailKey(bad, errors.New("module ip_vs_mh is not available")))
		r.start()
		r.holds("80 wrr 21=1")
		s := r.status()
		if s.Phase != spec.Degraded || len(s.Failures) != 2 || s.Failures[0].Error != "add service tcp 192.0.2.1:90: module ip_vs_mh is not available" || s.Applied != nil || s.Services != 1 {
			t.Errorf("status %+v", s)
		}
		began := s.Failures[0].Since
		r.pass(10 * time.Minute)
		if n := len(r.kernel.History()); n < 8 || n > 24 {
			t.Errorf("%d operations after 10 minutes of backoff", n)
		}
		if s := r.status(); !s.Failures[0].Since.Equal(began) {
			t.Errorf("failing since %v, want %v", s.Failures[0].Since, began)
		}
		r.kernel.Inject()
		r.pass(longestRetry)
		r.holds("80 wrr 21=1\n90 mh 30=1")
		if s := r.status(); s.Phase != spec.Idle || s.Applied == nil || len(s.Failures) != 0 {
			t.Errorf("status %+v", s)
		}
		r.end()
	})
}

func TestNewerCommitPreemptsTheRetry(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1\n90 mh 30=1")
		r.kernel.Inject(reconciletest.FailKey(stateOf(t, "90 mh").Services[0].Key, errors.New("no")))
		r.start()
		r.pass(10 * time.Minute)
		r.repo.commit("b", "a", "80 wrr 21=1")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1")
		r.phase(spec.Idle)
		if a := r.status().Applied; a == nil || a.Commit.ID != id("b") {
			t.Errorf("applied %+v", a)
		}
		r.end()
	})
}

// A kernel that says yes and does nothing must not be written to in a tight loop.
func TestChangeThatDoesNotHold(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		liar := &gated{Target: reconciletest.New(spec.State{}), liar: true}
		a := r.open()
		a.parts.Target = liar
		r.run(a)
		r.pass(10 * time.Minute)
		s := r.status()
		if s.Phase != spec.Degraded || len(s.Failures) != 2 || s.Failures[0].Error != errNotHeld.Error() {
			t.Errorf("status %+v", s)
		}
		if liar.applies < 4 || liar.applies > 30 {
			t.Errorf("%d writes in 10 minutes", liar.applies)
		}
		r.end()
	})
}

func TestFullJournalHoldsCommitsButNotRepairs(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		disk := &flaky{}
		r.wrap = func(j Journal) Journal { disk.Journal = j; return disk }
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		disk.fail(errors.New("no space left on device"))
		r.repo.commit("b", "a", "80 wrr 21=2")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1")
		if s := r.status(); s.Phase != spec.Degraded || s.Journal.Failing == nil || s.Applied.Commit.ID != id("a") {
			t.Errorf("status %+v", s)
		}
		r.byHand("80 wrr 21=7")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=1")
		disk.fail(nil)
		r.repo.set(func() { r.repo.down = errors.New("git is away too") })
		r.pass(longestRetry)
		r.holds("80 wrr 21=2")
		if s := r.status(); s.Journal.Failing != nil || s.Applied.Commit.ID != id("b") {
			t.Errorf("status %+v", s)
		}
		said := false
		for _, rec := range r.records() {
			said = said || strings.Contains(rec.Detail, "records before this one could not be written")
		}
		if !said {
			t.Errorf("the journal does not tell of its gap: %q", r.events(1))
		}
		r.end()
	})
}

// The target observes only what it is told to beside IPVS' own sysctls; one that it does not would be set again after each start.
func TestWantedSysctlsAreObserved(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "sysctl net.core.somaxconn 512")
		r.start()
		want := []spec.SysctlKey{"net.core.somaxconn"}
		if !slices.Equal(r.held, want) {
			t.Errorf("after a commit %q is observed, want %q", r.held, want)
		}
		r.end()
		r.held, r.repo.down = nil, errors.New("down")
		r.start()
		if !slices.Equal(r.held, want) {
			t.Errorf("after a start without git %q is observed, want %q", r.held, want)
		}
		r.end()
	})
}
