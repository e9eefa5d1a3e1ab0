package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// block makes a file of the state folder unwritable, for root too.
func (r *rig) block(name string) (unblock func()) {
	r.t.Helper()
	path := filepath.Join(r.folder, name+".tmp")
	if err := os.Mkdir(path, 0o700); err != nil {
		r.t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestWithoutIntentNothingIsBegun(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		unblock := r.block("intent")
		ops := len(r.kernel.History())
		r.repo.commit("d", "c", "80 wrr 21=4")
		r.pass(r.cfg.Poll)
		if s := r.status(); s.Phase != spec.Degraded || s.Disk == nil || s.Disk.Call != "write intent" || len(r.kernel.History()) != ops {
			t.Errorf("status %+v, %d operations", s, len(r.kernel.History())-ops)
		}
		r.byHand("80 wrr 21=9")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=3") // repairs go on
		unblock()
		r.pass(longestRetry)
		r.holds("80 wrr 21=4")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestUnsavedStateIsSavedLater(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r) // held.1 is on disk
		unblock := r.block("held.0")
		r.repo.commit("d", "c", "80 wrr 21=4\n443 rr 40=1")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=4\n443 rr 40=1")
		if s := r.status(); s.Phase != spec.Degraded || s.Disk == nil || s.Disk.Call != "write last known good" {
			t.Errorf("status %+v", s)
		}
		// Killed now, it goes on from the intent.
		r.end()
		unblock()
		r.repo.set(func() { r.repo.down = errors.New("away") })
		ops := len(r.kernel.History())
		r.start()
		if n := len(r.kernel.History()) - ops; n != 0 || r.status().Applied.Commit.ID != id("d") {
			t.Errorf("%d operations after the restart, applied %+v", n, r.status().Applied)
		}
		unblock = r.block("held.1")
		if _, err := r.do(spec.Suspend, "", 0); err == nil || !strings.Contains(err.Error(), "suspended, but a restart would forget it") {
			t.Errorf("suspend: %v", err)
		}
		r.phase(spec.Suspended)
		unblock()
		r.pass(longestRetry)
		r.end()
		r.start()
		r.phase(spec.Suspended)
		if s := r.status(); s.Disk != nil {
			t.Errorf("disk %+v", s.Disk)
		}
		r.end()
	})
}

// slow is a kernel whose steps take a minute unless they are told to end, as a frozen one would.
type slow struct {
	reconcile.Target
	begun chan struct{}
	end   chan struct{}
}

func (s *slow) Apply(ctx context.Context, changes []spec.Change) []error {
	s.begun <- struct{}{}
	<-s.end
	return s.Target.Apply(ctx, changes)
}

func TestStopEndsTheStepThatRuns(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		s := &slow{r.kernel, make(chan struct{}, 9), make(chan struct{})}
		a := r.open()
		a.parts.Target = s
		r.run(a)
		<-s.begun
		r.stop()
		synctest.Wait()
		close(s.end)
		if err := errors.Join(<-r.ended, a.Close()); err != nil {
			t.Error(err)
		}
		r.holds("80 wrr") // the service was added, its real server was not begun
		want := []string{"started", "fetched a", "planned a", "intent a", "step a", "stopped"}
		if got := r.events(1); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		r.start()
		r.holds("80 wrr 21=1")
		r.phase(spec.Idle)
		want = []string{"started", "recovered a", "planned a", "intent a", "step a", "applied a"}
		if got := r.events(7); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		r.end()
	})
}

// shallow is a mirror whose history is not here yet.
type shallow struct {
	*repo
	mu  sync.Mutex
	yes bool
}

func (s *shallow) IsAncestor(a, b string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.yes {
		return false, source.ErrShallow
	}
	return s.repo.IsAncestor(a, b)
}

func TestUnknownAncestryWaitsForHistory(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		r.end()
		r.repo.commit("b", "a", "80 wrr 21=2")
		s := &shallow{repo: r.repo, yes: true}
		a := r.open()
		a.parts.Source = s
		before := r.repo.asked()
		r.run(a)
		r.pass(10 * time.Minute)
		r.holds("80 wrr 21=1")
		if st := r.status(); st.Phase != spec.Degraded || st.Refusal != nil || st.Source.Failing == nil {
			t.Errorf("status %+v", st)
		}
		if n := r.repo.asked() - before; n < 20 || n > 60 {
			t.Errorf("%d fetches in 10 minutes", n)
		}
		s.mu.Lock()
		s.yes = false
		s.mu.Unlock()
		r.pass(longestRetry)
		r.holds("80 wrr 21=2")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestSignsOfLife(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		count := func() int {
			n := 0
			for _, s := range r.told() {
				if s == "WATCHDOG=1" {
					n++
				}
			}
			return n
		}
		before := count()
		r.pass(time.Hour)
		if n := count() - before; n < 119 || n > 121 {
			t.Errorf("%d signs of life in an hour of a watchdog of 1 minute", n)
		}
		r.end()
	})
}

func TestAskedByManyAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		var all sync.WaitGroup
		for _, verb := range []spec.Verb{spec.Suspend, spec.Resume, spec.Refresh, spec.Unpin} {
			all.Go(func() {
				for range 20 {
					_, _ = r.do(verb, "", 0) // what fails depends on who was first
					_ = r.status()
				}
			})
		}
		all.Go(func() {
			for range 20 {
				if _, err := r.agent.Snapshot(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		all.Wait()
		_, _ = r.do(spec.Resume, "", 0)
		r.holds("80 wrr 21=3")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestOnceHeld(t *testing.T) {
	for _, c := range []struct {
		verb  spec.Verb
		rev   string
		phase spec.Activity
	}{{spec.PinTo, "b", spec.Pinned}, {spec.Suspend, "", spec.Suspended}} {
		bubble(t, func(t *testing.T, r *rig) {
			three(r)
			if _, err := r.do(c.verb, c.rev, 0); err != nil {
				t.Fatal(err)
			}
			r.end()
			a := r.open()
			if s, err := a.Once(t.Context()); err != nil || s.Phase != c.phase {
				t.Errorf("phase %s, %v", s.Phase, err)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEndThatCannotBeRecordedIsTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		disk := &flaky{}
		r.wrap = func(j Journal) Journal { disk.Journal = j; return disk }
		three(r)
		if _, err := r.do(spec.Suspend, "", time.Minute); err != nil {
			t.Fatal(err)
		}
		disk.fail(errors.New("no space left on device"))
		r.pass(time.Hour)
		r.phase(spec.Suspended)
		disk.fail(nil)
		r.pass(longestRetry)
		r.phase(spec.Idle)
		r.end()
	})
}

// On a full disk an operator is told what is and what is not, and nothing is called done.
func TestFullDiskPins(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		f := &flaky{}
		r.wrap = func(j Journal) Journal { f.Journal = j; return f }
		three(r)
		unblock := []func(){r.block("held.0"), r.block("held.1"), r.block("intent")}
		_, err := r.do(spec.Rollback, "b", 0)
		if err == nil || !strings.HasPrefix(err.Error(), "pinned to b000000, but NOT applied: c000000 stays in the kernel") ||
			!strings.Contains(err.Error(), "lbsync unpin takes it back") {
			t.Errorf("rollback: %v", err)
		}
		r.holds("80 wrr 21=3")
		if _, err := r.do(spec.Unpin, "", 0); err == nil || !strings.HasPrefix(err.Error(), "no longer pinned, but c000000 stays in the kernel") {
			t.Errorf("unpin: %v", err)
		}
		f.fail(errors.New("no space left on device"))
		if _, err := r.do(spec.PinTo, "a", 0); err == nil || !strings.HasPrefix(err.Error(), "not done, nothing was changed: ") || r.status().Pin != nil {
			t.Errorf("pin: %v, %+v", err, r.status().Pin)
		}
		f.fail(nil)
		_, _ = r.do(spec.Rollback, "b", 0)
		for _, u := range unblock {
			u()
		}
		r.pass(longestRetry)
		r.holds("80 wrr 21=2")
		r.end()
	})
}
