package agent

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// confirmed is what the journal has of the last commit that was confirmed: "b: DETAIL".
func (r *rig) confirmed() string {
	out := "none"
	for _, rec := range r.records() {
		if rec.Event == journal.Confirmed {
			out = strings.TrimRight(rec.Commit, "0") + ": " + rec.Detail
		}
	}
	return out
}

// unjudged is what status says of the checks that began with the commit on trial.
func (r *rig) unjudged() string {
	t := r.status().Trial
	switch {
	case t == nil:
		return "no trial"
	case t.Unjudged == nil:
		return ""
	}
	return t.Unjudged.Text(t.Until.Sub(t.Began))
}

func (r *rig) unjudgedIs(want string) {
	r.t.Helper()
	if got := r.unjudged(); got != want {
		r.t.Errorf("unjudged: %q, want %q", got, want)
	}
}

// tried lets time go by until a commit is on trial.
func (r *rig) tried(commit string) {
	r.t.Helper()
	for range 2 * int(r.cfg.Poll/(100*time.Millisecond)) {
		if t := r.status().Trial; t != nil && t.Commit.ID == id(commit) {
			return
		}
		r.pass(100 * time.Millisecond)
	}
	r.t.Fatalf("%s is not tried: %+v", commit, r.status())
}

const one = "1 check that began with it has no verdict yet: tcp 192.0.2.23:80"

// What a new check came to by the end of a trial is known, or it is said that it is not: a server that was taken on is not one that is up.
func TestTrialOfNewChecks(t *testing.T) {
	for name, tc := range map[string]struct {
		trial string
		state spec.CheckState
		while string // before the verdict
		end   string
	}{
		"up":      {"5s", spec.CheckUp, one, "b: "},
		"down":    {"5s", spec.CheckDown, one, "b: "},
		"not yet": {"5s", spec.CheckUnknown, one, "b: " + one},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "confirm "+tc.trial+"\npool checked\n80 wrr 21=1 22=1")
				r.start()
				r.check("21", spec.CheckUp) // and of 22 nothing is known, which is not the next commit's doing
				r.repo.commit("b", "a", "confirm "+tc.trial+"\npool checked\n80 wrr 21=1 22=1 23=1")
				r.tried("b")
				r.unjudgedIs(tc.while)
				if tc.state != spec.CheckUnknown {
					r.check("23", tc.state)
					r.pass(recordHealthEvery)
					r.unjudgedIs("")
				}
				r.pass(10 * time.Second)
				r.unjudgedIs("no trial")
				if got := r.confirmed(); got != tc.end {
					t.Errorf("confirmed %q, want %q", got, tc.end)
				}
				r.end()
			})
		})
	}
}

// A trial that is shorter than its checks need waits for them: a commit that has real servers fail is taken back, and one that has them
// come up late is confirmed. What has no verdict when that time is over too is said.
func TestTrialWaitsForChecks(t *testing.T) {
	for name, tc := range map[string]struct {
		state     spec.CheckState
		applied   string
		confirmed string
	}{
		"down": {spec.CheckDown, "a", "none"},
		"up":   {spec.CheckUp, "b", "b: "},
		"none": {spec.CheckUnknown, "b", "b: 2 checks that began with it have no verdict yet: tcp 192.0.2.23:80, tcp 192.0.2.24:80"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "confirm 1s\npool checked\n80 wrr 21=1 22=1")
				r.start()
				r.check("21", spec.CheckUp)
				r.check("22", spec.CheckUp)
				r.repo.commit("b", "a", "confirm 1s\npool checked\n80 wrr 23=1 24=1")
				r.tried("b")
				r.pass(2500 * time.Millisecond) // a second is for the trial, two for the checks, and one for a late host
				on := r.status().Trial
				if on == nil || on.Until.Sub(on.Began) < 2*time.Second {
					t.Fatalf("on trial: %+v", on)
				}
				if tc.state != spec.CheckUnknown {
					r.check("23", tc.state)
					r.check("24", tc.state)
				}
				r.pass(3 * proofAgain)
				if got := strings.TrimRight(r.status().Applied.Commit.ID, "0"); got != tc.applied {
					t.Errorf("%s is applied", got)
				}
				if got := r.confirmed(); got != tc.confirmed {
					t.Errorf("confirmed %q, want %q", got, tc.confirmed)
				}
				r.end()
			})
		})
	}
}

// A commit that only changes checks is on trial like one that changes the kernel, and is taken back where they cost a service its quorum.
func TestTrialOfChangedChecks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "confirm 5s\npool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("21", spec.CheckUp)
		r.check("22", spec.CheckUp)
		r.repo.commit("b", "a", "confirm 5s\npool checked port=81\n80 wrr 21=1 22=1")
		r.tried("b")
		r.phase(spec.Proving)
		r.unjudgedIs("2 checks that began with it have no verdict yet: tcp 192.0.2.21:81, tcp 192.0.2.22:81")
		r.check("21", spec.CheckDown)
		r.check("22", spec.CheckDown)
		r.pass(2 * proofAgain)
		s := r.status()
		if r.phase(spec.WentBack); s.Reverted == nil || s.Reverted.Unmet[0].Probe != "quorum" {
			t.Fatalf("%+v", s.Reverted)
		}
		r.check("21", spec.CheckUp)
		r.holds("80 wrr 21=1")

		// Without a change of checks there is nothing to try.
		r.repo.commit("c", "b", "confirm 5s\npool checked\n80 wrr 21=1 22=1")
		r.pass(r.cfg.Poll)
		if s := r.status(); s.Trial != nil || strings.TrimRight(s.Confirmed, "0") != "c" {
			t.Errorf("%+v", s)
		}
		r.end()
	})
}

// A restart in a trial knows no verdict of before, and says so.
func TestRestartInATrialOfChecks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "confirm 20s\npool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("21", spec.CheckUp)
		r.check("22", spec.CheckUp)
		r.repo.commit("b", "a", "confirm 20s\npool checked\n80 wrr 21=1 22=1 23=1")
		r.tried("b")
		r.check("23", spec.CheckUp)
		r.end()
		r.health = newVerdicts()
		r.start()
		r.unjudgedIs("3 checks that began with it have no verdict yet: tcp 192.0.2.21:80, tcp 192.0.2.22:80, tcp 192.0.2.23:80")
		r.check("21", spec.CheckUp)
		r.check("23", spec.CheckUp)
		r.pass(20 * time.Second)
		if got := r.confirmed(); got != "b: 1 check that began with it has no verdict yet: tcp 192.0.2.22:80" {
			t.Error(got)
		}
		r.end()
	})
}

// Both directors try a commit that only changes checks at once, for nothing of it needs a turn, and the next one goes in order.
func TestBothTryChangedChecksAtOnce(t *testing.T) {
	onPair(t, func(p *pair) {
		checked := func(fleet, port string) string {
			return strings.Replace(fleet, "80 wrr", "pool checked port="+port+"\n80 wrr", 1)
		}
		p.both("a")
		p.commit("b", "a", checked(pairFleet, "80"))
		together := false
		for p.on("lb1").Confirmed != id("b") {
			together = together || p.on("lb1").Trial != nil && p.on("lb2").Trial != nil
			p.pass(100 * time.Millisecond)
		}
		p.both("b")
		p.commit("c", "b", checked(heavier("5"), "81"))
		p.both("c")
		if !together || p.weightOf("lb1") != 5 || p.weightOf("lb2") != 5 {
			p.t.Errorf("together %t, weights %d and %d", together, p.weightOf("lb1"), p.weightOf("lb2"))
		}
	})
}

// Clients that leave, and a repository that is away, are no fault of a commit that changes nothing but checks.
func TestTrialOfChecksJudgesChecks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		counted := atomic.Int32{}
		counted.Store(100)
		r.stats = func(_ context.Context, services ...spec.ServiceKey) (out spec.Stats, _ error) {
			for _, k := range services {
				out.Dests = append(out.Dests, spec.DestStats{Key: spec.DestKey{Service: k}, Active: uint32(counted.Load())})
			}
			return out, nil
		}
		r.repo.commit("a", "", "confirm 5s\npool checked\n80 wrr 21=1 22=1")
		r.start()
		r.check("21", spec.CheckUp)
		r.check("22", spec.CheckUp)
		for _, c := range []struct{ commit, parent, fleet, end string }{
			{"b", "a", "confirm 5s\npool checked port=81\n80 wrr 21=1 22=1", "b"},
			{"c", "b", "confirm 5s\npool checked port=81\n80 wrr 21=2 22=1", "b"}, // a weight may well be what sent them away
		} {
			counted.Store(100)
			r.repo.commit(c.commit, c.parent, c.fleet)
			r.tried(c.commit)
			counted.Store(0)
			r.pass(2 * proofAgain)
			if got := strings.TrimRight(r.status().Applied.Commit.ID, "0"); got != c.end {
				t.Errorf("after %s %s is applied: %+v", c.commit, got, r.status().Reverted)
			}
		}
		r.end()
	})
}
