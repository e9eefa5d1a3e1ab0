package agent

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// three starts an agent that has applied the commits a, b and c.
func three(r *rig) {
	r.repo.commit("a", "", "80 wrr 21=1")
	r.start()
	r.repo.commit("b", "a", "80 wrr 21=2")
	r.pass(r.cfg.Poll)
	r.repo.commit("c", "b", "80 wrr 21=3")
	r.pass(r.cfg.Poll)
}

// Every command in every state: which phase follows, which weight the kernel holds, or why it is an error.
func TestCommandsByState(t *testing.T) {
	type cell struct {
		phase  spec.Activity
		weight string
		err    string
	}
	idle, suspended := cell{spec.Idle, "3", ""}, cell{spec.Suspended, "3", ""}
	pinned := func(w string) cell { return cell{spec.Pinned, w, ""} }
	fails := func(phase spec.Activity, w, err string) cell { return cell{phase, w, err} }
	commands := []struct {
		verb spec.Verb
		rev  string
	}{{spec.Rollback, "a"}, {spec.Rollback, "c"}, {spec.PinTo, "b"}, {spec.PinTo, "c"}, {spec.Unpin, ""}, {spec.Suspend, ""}, {spec.Resume, ""}, {spec.Refresh, ""}}
	const notPinned, notSuspended, first = "nothing is pinned", "nothing is suspended", "nothing is applied until lbsync resume"
	for _, s := range []struct {
		name  string
		enter func(r *rig) error
		want  []cell // in the order of commands
	}{
		{"idle", func(*rig) error { return nil }, []cell{
			pinned("1"), fails(spec.Idle, "3", "is what is applied now"), pinned("2"), pinned("3"),
			fails(spec.Idle, "3", notPinned), suspended, fails(spec.Idle, "3", notSuspended), idle,
		}},
		{"rolled back to b", func(r *rig) error { _, err := r.do(spec.Rollback, "b", 0); return err }, []cell{
			pinned("1"), pinned("3"), pinned("2"), pinned("3"), idle, {spec.Suspended, "2", ""}, fails(spec.Pinned, "2", notSuspended), pinned("2"),
		}},
		{"pinned to b", func(r *rig) error { _, err := r.do(spec.PinTo, "b", 0); return err }, []cell{
			pinned("1"), pinned("3"), pinned("2"), pinned("3"), idle, {spec.Suspended, "2", ""}, fails(spec.Pinned, "2", notSuspended), pinned("2"),
		}},
		{"suspended", func(r *rig) error { _, err := r.do(spec.Suspend, "", 0); return err }, []cell{
			fails(spec.Suspended, "3", first), fails(spec.Suspended, "3", first), fails(spec.Suspended, "3", first), fails(spec.Suspended, "3", first),
			fails(spec.Suspended, "3", notPinned), suspended, idle, suspended,
		}},
		{"refused d", func(r *rig) error { r.repo.commit("d", "c", "error"); r.pass(r.cfg.Poll); return nil }, []cell{
			pinned("1"), fails(spec.Refused, "3", "is what is applied now"), pinned("2"), pinned("3"), fails(spec.Refused, "3", notPinned),
			suspended, fails(spec.Refused, "3", notSuspended), {spec.Refused, "3", ""},
		}},
		{"git down", func(r *rig) error {
			r.repo.set(func() { r.repo.down = errors.New("away") })
			r.pass(r.cfg.Poll)
			return nil
		}, []cell{
			pinned("1"), fails(spec.Degraded, "3", "is what is applied now"), pinned("2"), pinned("3"), fails(spec.Degraded, "3", notPinned),
			suspended, fails(spec.Degraded, "3", notSuspended), fails(spec.Degraded, "3", "fetch: away"),
		}},
	} {
		for i, c := range commands {
			t.Run(s.name+"/"+string(c.verb)+c.rev, func(t *testing.T) {
				bubble(t, func(t *testing.T, r *rig) {
					three(r)
					if err := s.enter(r); err != nil {
						t.Fatal(err)
					}
					_, err := r.do(c.verb, c.rev, 0)
					want := s.want[i]
					if (err == nil) != (want.err == "") || err != nil && !strings.Contains(err.Error(), want.err) {
						t.Errorf("error %v, want %q", err, want.err)
					}
					r.phase(want.phase)
					r.holds("80 wrr 21=" + want.weight)
					// What an operator decided holds over a restart, and no time changes it.
					r.end()
					r.start()
					r.pass(time.Hour)
					r.phase(want.phase)
					r.holds("80 wrr 21=" + want.weight)
					r.end()
				})
			})
		}
	}
}

func TestCommandsAreJournaledWithTheirActor(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		from := r.next()
		for _, c := range []spec.Command{{Verb: spec.Rollback, Rev: "a"}, {Verb: spec.Unpin}, {Verb: spec.Suspend}, {Verb: spec.Resume}} {
			if _, err := r.do(c.Verb, c.Rev, 0); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"pinned a", "planned a", "intent a", "step a", "rolled_back a", "unpinned a", "planned c", "intent c", "step c", "applied c", "suspended", "resumed"}
		if got := r.events(from); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		for _, rec := range r.records()[from-1:] {
			command := slices.Contains([]journal.Event{journal.Pinned, journal.RolledBack, journal.Unpinned, journal.Suspended, journal.Resumed}, rec.Event)
			if command && rec.Actor != "7 bob" {
				t.Errorf("%s: actor %q", rec.Event, rec.Actor)
			}
		}
		r.end()
	})
}

func TestRollbackEndsWhenTheBranchDiffers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		out, err := r.do(spec.Rollback, "b", 0)
		if err != nil || out.Commit.ID != id("b") || out.Plan == nil || out.Plan.Done != 1 || !out.Status.Pin.Rollback || out.Status.Pin.Left != id("c") {
			t.Fatalf("rollback: %+v, %v", out, err)
		}
		r.pass(time.Hour)
		r.holds("80 wrr 21=2")
		r.repo.commit("d", "c", "# nothing else\n80 wrr 21=3")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=2") // renders as c did
		r.end()
		r.start()
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=2")
		r.phase(spec.Pinned)
		r.repo.commit("e", "d", "error")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=2")
		r.phase(spec.Pinned)
		r.repo.commit("f", "e", "80 wrr 21=4")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=4")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestRollbackToARefusedCommitChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1\ndeny")
		r.repo.commit("b", "a", "80 wrr 21=2")
		r.start()
		out, err := r.do(spec.Rollback, "a", 0)
		if err != nil || out.Refusal == nil || len(out.Refusal.Diagnostics) != 1 || out.Status.Pin != nil {
			t.Errorf("rollback: %+v, %v", out, err)
		}
		r.phase(spec.Idle)
		r.holds("80 wrr 21=2")
		if _, err := r.do(spec.Rollback, "9", 0); !errors.Is(err, source.ErrNoCommit) {
			t.Errorf("rollback to an unknown commit: %v", err)
		}
		r.end()
	})
}

func TestPinAndSuspensionEndInTime(t *testing.T) {
	for _, c := range []struct {
		verb  spec.Verb
		rev   string
		phase spec.Activity
	}{{spec.Rollback, "a", spec.Pinned}, {spec.PinTo, "a", spec.Pinned}, {spec.Suspend, "", spec.Suspended}} {
		for _, restart := range []bool{false, true} {
			t.Run(string(c.verb), func(t *testing.T) {
				bubble(t, func(t *testing.T, r *rig) {
					three(r)
					if _, err := r.do(c.verb, c.rev, time.Hour); err != nil {
						t.Fatal(err)
					}
					r.pass(59 * time.Minute)
					r.phase(c.phase)
					if restart {
						r.end()
						<-time.After(2 * time.Minute)
						r.start()
					}
					r.pass(time.Minute)
					r.phase(spec.Idle)
					r.holds("80 wrr 21=3")
					r.end()
				})
			})
		}
	}
}

func TestSuspendedReportsDriftAndWritesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		if _, err := r.do(spec.Suspend, "", 0); err != nil {
			t.Fatal(err)
		}
		from := r.next()
		seen := time.Now()
		r.byHand("80 wrr 21=9")
		r.repo.commit("d", "c", "80 wrr 21=4")
		r.pass(time.Hour)
		r.holds("80 wrr 21=9")
		s := r.status()
		if len(s.Drift) != 1 || s.Drift[0].FirstSeen.Sub(seen) > r.cfg.Look || s.Drift[0].Fields[0] != (spec.Field{Name: "weight", Before: "9", After: "3"}) {
			t.Errorf("drift %+v", s.Drift)
		}
		if got, want := r.events(from), []string{"drift c", "fetched d"}; !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		if _, err := r.do(spec.Resume, "", 0); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=4")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestCommandThatCannotBeRecordedIsNotCarriedOut(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		disk := &flaky{}
		r.wrap = func(j Journal) Journal { disk.Journal = j; return disk }
		three(r)
		disk.fail(errors.New("no space left on device"))
		if _, err := r.do(spec.Rollback, "a", 0); err == nil {
			t.Error("a rollback without a record succeeds")
		}
		r.holds("80 wrr 21=3")
		if s := r.status(); s.Pin != nil {
			t.Errorf("pin %+v", s.Pin)
		}
		r.end0()
	})
}

func TestSnapshot(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		r.byHand("80 rr 21=3")
		s, err := r.agent.Snapshot(t.Context())
		if err != nil || s.Applied.ID != id("c") || s.Live.Services[0].Value.Scheduler != "rr" || s.Prior.Services[0].Value.Scheduler != "wrr" || string(s.Owned) != "service tcp 192.0.2.1:80\n" {
			t.Errorf("snapshot %+v, %v", s, err)
		}
		r.end()
		if _, err := r.agent.Snapshot(t.Context()); !errors.Is(err, errEnded) {
			t.Errorf("snapshot of an ended agent: %v", err)
		}
	})
}

func TestRefreshWaitsForAFetchThatBeganAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		gate := make(chan struct{})
		r.repo.set(func() { r.repo.gate = gate })
		before := r.repo.asked()
		r.pass(r.cfg.Poll) // a fetch runs
		answered := make(chan error, 1)
		go func() { _, err := r.do(spec.Refresh, "", 0); answered <- err }()
		synctest.Wait()
		gate <- struct{}{}
		synctest.Wait()
		if len(answered) != 0 {
			t.Error("the fetch that ran already is the answer")
		}
		r.repo.commit("d", "c", "80 wrr 21=4")
		gate <- struct{}{}
		if err := <-answered; err != nil {
			t.Error(err)
		}
		r.holds("80 wrr 21=4")
		if n := r.repo.asked() - before; n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
		r.repo.set(func() { r.repo.gate = nil })
		r.end()
	})
}

func TestWarningsReachTheOperator(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=0")
		r.start()
		if s := r.status(); s.Phase != spec.Idle || len(s.Advice) != 1 || s.Advice[0].Severity != "warning" || s.Advice[0].Summary != "all-weights-zero: is this meant?" {
			t.Errorf("phase %s, advice %+v", s.Phase, s.Advice)
		}
		r.end()
	})
}
