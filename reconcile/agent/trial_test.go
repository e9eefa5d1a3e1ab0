package agent

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// appliedIs checks which commit is held.
func (r *rig) appliedIs(want string) {
	r.t.Helper()
	if got := strings.TrimRight(r.status().Applied.Commit.ID, "0"); got != want {
		r.t.Errorf("%s is applied, want %s: %+v", got, want, r.status())
	}
}

// all says that the checks of some hosts are up or down.
func (r *rig) all(state spec.CheckState, hosts ...string) {
	r.t.Helper()
	for _, h := range hosts {
		r.check(h, state)
	}
}

// startGated runs an agent whose kernel can be away, and is where there is an error.
func (r *rig) startGated(err error) *gated {
	r.t.Helper()
	a := r.open()
	g := &gated{Target: a.parts.Target, err: err}
	a.parts.Target = g
	r.run(a)
	return g
}

// A commit that is to be taken back, and cannot be for a while, is on trial until it is taken back.
func TestGoesBackOnceItCan(t *testing.T) {
	for name, hinder := range map[string]func(r *rig, g *gated, j *flaky) (end func()){
		"the kernel cannot be read": func(_ *rig, g *gated, _ *flaky) func() {
			g.set(errors.New("netlink: timeout"))
			return func() { g.set(nil) }
		},
		"the journal cannot be written": func(_ *rig, _ *gated, j *flaky) func() {
			j.fail(errors.New("no space left on device"))
			return func() { j.fail(nil) }
		},
		"the intent cannot be written": func(r *rig, _ *gated, _ *flaky) func() { return r.block("intent") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				j := &flaky{}
				r.wrap = func(real Journal) Journal { j.Journal = real; return j }
				r.repo.commit("a", "", "confirm 5s\npool checked\n80 wrr 21=1 22=1")
				g := r.startGated(nil)
				r.all(spec.CheckUp, "21", "22")
				r.repo.commit("b", "a", "confirm 5s\npool checked\n80 wrr 23=1 24=1")
				r.tried("b")
				r.all(spec.CheckDown, "23", "24")
				r.pass(6 * time.Second) // a probe did not hold, and is asked once more
				end := hinder(r, g, j)
				r.pass(20 * time.Second)
				if s := r.status(); s.Trial == nil || s.Reverted != nil || r.count(journal.Reverted) > 0 {
					t.Errorf("while it cannot go back: trial %+v, reverted %+v", s.Trial, s.Reverted)
				}
				end()
				r.pass(time.Minute)
				r.appliedIs("a")
				r.phase(spec.WentBack)
				r.holds("80 wrr 21=1 22=1")
				if s := r.status(); s.Reverted == nil || s.Reverted.Unmet[0].Probe != "quorum" || s.Trial != nil || r.count(journal.Reverted) != 1 {
					t.Errorf("reverted %+v, trial %+v, %d records", s.Reverted, s.Trial, r.count(journal.Reverted))
				}
				r.end()
			})
		})
	}
}

// A machine that went down in a trial goes back to the commit before as soon as it can, and nothing of the one on trial goes into its
// kernel until then. That one is tried once more.
func TestRebootedGoesBackOnceItCan(t *testing.T) {
	const a, b = "confirm 5m\n80 wrr 21=1", "confirm 5m\n80 wrr 21=5"
	for name, tc := range map[string]struct {
		kernel    error
		suspended bool
	}{
		"the kernel cannot be read": {kernel: errors.New("the kernel has no IPVS")},
		"it is suspended":           {suspended: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Boot = "one"
				r.repo.commit("a", "", a)
				r.start()
				r.repo.commit("b", "a", b)
				r.tried("b")
				if tc.suspended {
					_, err := r.do(spec.Suspend, "", 0)
					must(t, err)
				}
				r.end()
				r.cfg.Boot, r.kernel = "two", reconciletest.New(spec.State{})
				g := r.startGated(tc.kernel)
				for range 2 { // another start of the agent is not another one of the machine
					r.pass(3 * time.Second)
					if s := r.status(); s.Trial == nil || len(r.kernel.History()) > 0 {
						t.Errorf("trial %+v, %d operations", s.Trial, len(r.kernel.History()))
					}
					r.end()
					g = r.startGated(tc.kernel)
				}
				g.set(nil)
				if tc.suspended {
					_, err := r.do(spec.Resume, "", 0)
					must(t, err)
				}
				r.pass(r.cfg.Look)
				r.tried("b")
				if first := r.kernel.History()[1].Change.After; !strings.Contains(valueText(first), "weight=1") || r.count(journal.Reverted) != 1 {
					t.Errorf("first %s, %d records", valueText(first), r.count(journal.Reverted))
				}
				r.pass(6 * time.Minute)
				r.holds("80 wrr 21=5")
				if got := r.confirmed(); got != "b: " {
					t.Errorf("confirmed %q", got)
				}
				r.end()
			})
		})
	}
}

// The first checks of a service are judged too: its real servers were all in before.
func TestTrialOfTheFirstChecks(t *testing.T) {
	for name, tc := range map[string]struct {
		before string // what the service has
		end    string
	}{
		"real servers":                   {"80 wrr 21=1 22=1", "a"},
		"real servers that serve nobody": {"80 wrr 21=0 22=0", "b"},
		"none":                           {"80 wrr", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "confirm 5s\n"+tc.before)
				r.start()
				r.repo.commit("b", "a", "confirm 5s\npool checked port=81\n80 wrr 21=1 22=1")
				r.tried("b")
				r.all(spec.CheckDown, "21", "22")
				r.pass(3 * proofAgain)
				r.appliedIs(tc.end)
				r.end()
			})
		})
	}
}

// A newer commit in a trial is judged by what it touches, and by what the one before did.
func TestTrialOfTwoCommitsJudgesBoth(t *testing.T) {
	const a = "confirm 20s\npool checked\n80 wrr 21=1 22=1\n90 wrr 23=1 24=1"
	for name, tc := range map[string]struct{ b, c string }{
		"weights, then checks": {
			"confirm 20s\npool checked\n80 wrr 21=2 22=1\n90 wrr 23=1 24=1",
			"confirm 20s\npool checked\n80 wrr 21=2 22=1\npool checked port=81\n90 wrr 23=1 24=1",
		},
		"checks, then checks": {
			"confirm 20s\npool checked port=81\n80 wrr 21=1 22=1\npool checked\n90 wrr 23=1 24=1",
			"confirm 20s\npool checked port=81\n80 wrr 21=1 22=1\n90 wrr 23=1 24=1",
		},
		"checks, then weights": {
			"confirm 20s\npool checked\n80 wrr 21=1 22=1\npool checked port=81\n90 wrr 23=1 24=1",
			"confirm 20s\npool checked\n80 wrr 21=2 22=1\npool checked port=81\n90 wrr 23=1 24=1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.Poll = 4 * time.Second
				r.repo.commit("a", "", a)
				r.start()
				r.all(spec.CheckUp, "21", "22", "23", "24")
				r.repo.commit("b", "a", tc.b)
				r.tried("b")
				r.repo.commit("c", "b", tc.c)
				r.tried("c")
				r.all(spec.CheckUp, "21", "22")
				r.all(spec.CheckDown, "23", "24")
				r.pass(time.Minute)
				r.appliedIs("a")
				if s := r.status(); s.Reverted == nil || s.Reverted.Commit.ID != id("c") || !strings.HasPrefix(s.Reverted.Unmet[0].String(), "quorum tcp 192.0.2.1:90") {
					t.Errorf("reverted %+v", s.Reverted)
				}
				r.end()
			})
		})
	}
}

// Behind a brake nobody leaves, so a quorum that is held there says nothing of the commit.
func TestTrialBehindABrake(t *testing.T) {
	var hosts []string
	servers := ""
	for host := 21; host < 33; host++ {
		hosts, servers = append(hosts, strconv.Itoa(host)), servers+" "+strconv.Itoa(host)+"=1"
	}
	const on = "12 of 12 checks fail, more than 50 % within one interval: weights are left as they are"
	for name, tc := range map[string]struct {
		before  spec.CheckState
		brakes  string
		b       string
		applied string
		unmet   string
	}{
		"of all checks":        {spec.CheckUp, "brake all=50", "pool checked port=81\n80 wrr", "a", "brake: " + on},
		"of a service":         {spec.CheckUp, "brake service=50", "pool checked port=81\n80 wrr", "a", "brake tcp 192.0.2.1:80: " + strings.Replace(on, "checks", "real servers", 1)},
		"that was on before":   {spec.CheckDown, "brake all=50", "pool checked\n80 rr", "b", ""},
		"that nobody declares": {spec.CheckUp, "", "pool checked port=81\n80 wrr", "a", "quorum tcp 192.0.2.1:80: lost: lbsync get checks says what fails (before: held)"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "confirm 5s\n"+tc.brakes+"\npool checked\n80 wrr"+servers)
				r.start()
				r.all(tc.before, hosts...)
				r.repo.commit("b", "a", "confirm 5s\n"+tc.brakes+"\n"+tc.b+servers)
				r.tried("b")
				r.all(spec.CheckDown, hosts...)
				r.pass(2 * proofAgain)
				r.appliedIs(tc.applied)
				got := ""
				if b := r.status().Reverted; b != nil {
					got = b.Unmet[0].String()
				}
				if got != tc.unmet {
					t.Errorf("unmet %q, want %q", got, tc.unmet)
				}
				r.end()
			})
		})
	}
}

// A restart when the time of a trial is over gives it that time once more: what this agent has not asked yet proves nothing.
func TestRestartAfterATrialsTime(t *testing.T) {
	for name, tc := range map[string]struct {
		fleet   string // of b
		state   spec.CheckState
		applied string
	}{
		"checks that fail":    {"pool checked\n80 wrr 23=1 24=1", spec.CheckDown, "a"},
		"checks that succeed": {"pool checked\n80 wrr 23=1 24=1", spec.CheckUp, "b"},
		"nothing is checked":  {"80 rr 23=1 24=1", spec.CheckUnknown, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "confirm 20s\npool checked\n80 wrr 21=1 22=1")
				r.start()
				r.all(spec.CheckUp, "21", "22")
				r.repo.commit("b", "a", "confirm 20s\n"+tc.fleet)
				r.tried("b")
				r.end()
				r.health = newVerdicts()
				r.pass(time.Hour)
				r.start()
				r.phase(spec.Proving)
				if on := r.status().Trial; on == nil || on.Until.Before(time.Now().Add(20*time.Second)) {
					t.Fatalf("on trial: %+v", on)
				}
				if tc.state != spec.CheckUnknown {
					r.all(tc.state, "23", "24")
				}
				r.pass(30 * time.Second)
				r.appliedIs(tc.applied)
				r.end()
			})
		})
	}
}

// What is confirmed was seen: where the kernel cannot be read at the end of a trial, the trial waits.
func TestTrialEndsWithAKernelThatIsRead(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "confirm 5s\n80 wrr 21=1")
		g := r.startGated(nil)
		r.repo.commit("b", "a", "confirm 5s\n80 wrr 21=2")
		r.tried("b")
		g.set(errors.New("netlink: timeout"))
		r.pass(time.Minute)
		if s := r.status(); s.Trial == nil || r.confirmed() != "none" {
			t.Errorf("on trial %+v, confirmed %q", s.Trial, r.confirmed())
		}
		g.set(nil)
		r.pass(proofAgain)
		if got := r.confirmed(); got != "b: " {
			t.Errorf("confirmed %q", got)
		}
		r.end()
	})
}
