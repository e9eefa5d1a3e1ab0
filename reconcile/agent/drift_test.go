package agent

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// blinking is a kernel that some readings show without real servers.
type blinking struct {
	reconcile.Target
	mu     sync.Mutex
	blinks int // readings that are to come
	writes int
}

func (b *blinking) set(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blinks = n
}

func (b *blinking) wrote() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.writes
}

func (b *blinking) Observe(ctx context.Context, d reconcile.Depth) (spec.State, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.Target.Observe(ctx, d)
	if b.blinks > 0 {
		b.blinks--
		s.Dests = nil
	}
	return s, err
}

func (b *blinking) Apply(ctx context.Context, changes []spec.Change) []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes++
	return b.Target.Apply(ctx, changes)
}

// Before a repair that follows from a reading which is hard to believe, the kernel is read once more: only what two readings say is
// acted upon.
func TestTwoReadingsAgree(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const fleet = "80 wrr 21=1 22=1 23=1 24=1 25=1 26=1"
		r.repo.commit("a", "", fleet)
		a := r.open()
		kernel := &blinking{Target: a.parts.Target}
		a.parts.Target = kernel
		r.run(a)
		r.holds(fleet)
		before := kernel.wrote()
		kernel.set(1)
		r.pass(r.cfg.Look)
		if n := kernel.wrote() - before; n != 0 {
			t.Errorf("%d writes for a reading that was wrong", n)
		}
		r.pass(stirred)
		if s := r.status(); len(s.Drift) != 0 || s.Phase != spec.Idle || s.Repaired != 0 {
			t.Errorf("phase %s, drift %+v", s.Phase, s.Drift)
		}
		r.byHand("80 wrr 21=0 22=0 23=0 24=0 25=0 26=0")
		r.pass(r.cfg.Look)
		r.holds(fleet)
		r.byHand("80 wrr")
		r.pass(r.cfg.Look)
		r.holds(fleet)
		r.end()
	})
}

// What the fleet has reported alone is told and journaled once, and neither repaired nor taken for a failure; a commit leaves it too.
func TestDriftIsOnlyReported(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "warn\n80 wrr 21=1\n90 rr 30=1")
		r.start()
		from := r.next()
		r.byHand("80 wrr 21=9\n90 lc 30=1")
		r.pass(10 * time.Minute)
		r.holds("80 wrr 21=9\n90 rr 30=1")
		s := r.status()
		if len(s.Drift) != 1 || s.Drift[0].Key != "tcp 192.0.2.1:80 > 192.0.2.21:80" || s.Drift[0].Left == "" || time.Since(s.Drift[0].FirstSeen) < 9*time.Minute ||
			len(s.Failures) != 0 || s.Repaired != 1 || s.Phase != spec.Idle {
			t.Errorf("phase %s, drift %+v, failures %+v", s.Phase, s.Drift, s.Failures)
		}
		told := 0
		for _, rec := range r.records() {
			if rec.Seq >= from && rec.Event == journal.Drift {
				told++
			}
		}
		if told != 2 {
			t.Errorf("%d records of drift for two objects", told)
		}
		r.repo.commit("b", "a", "warn\n80 wrr 21=1\n90 rr 30=2")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=9\n90 rr 30=2")
		r.repo.commit("c", "b", "80 wrr 21=1\n90 rr 30=2")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1\n90 rr 30=2")
		if s := r.status(); len(s.Drift) != 0 || s.Phase != spec.Idle {
			t.Errorf("phase %s, drift %+v", s.Phase, s.Drift)
		}
		r.end()
	})
}

// What is stirred is looked at soon, and not each time that something stirs.
func TestStirredLooksSoon(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		stir := make(chan struct{}, 1)
		a := r.open()
		a.parts.Stirred = stir
		r.run(a)
		r.pass(stirred)
		r.byHand("80 wrr 21=9")
		stir <- struct{}{}
		r.pass(settling)
		r.holds("80 wrr 21=1")
		r.byHand("80 wrr 21=9")
		stir <- struct{}{}
		r.pass(settling)
		r.holds("80 wrr 21=9")
		r.pass(stirred)
		r.holds("80 wrr 21=1")
		r.end()
	})
}

// What failed is not left to its retry, which may be minutes away.
func TestStirredTriesAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		stir := make(chan struct{}, 1)
		r.kernel.Inject(reconciletest.FailKey(stateOf(t, "80 wrr").Services[0].Key, errors.New("no such device")))
		a := r.open()
		a.parts.Stirred = stir
		r.run(a)
		r.pass(longestRetry)
		r.holds("")
		r.kernel.Inject()
		stir <- struct{}{}
		r.pass(stirred)
		r.holds("80 wrr 21=1")
		r.phase(spec.Idle)
		r.end()
	})
}
