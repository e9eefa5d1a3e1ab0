package reconcile_test

import (
	"testing"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

func state(t *testing.T, text string) spec.State {
	t.Helper()
	s, err := reconciletest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlanSaysWhere(t *testing.T) {
	here, there := spec.Pos{File: "now.hcl", Line: 3}, spec.Pos{File: "before.hcl", Line: 9}
	want, prior := state(t, "-A -t 192.0.2.1:80 -s rr\n"), state(t, "-A -t 192.0.2.2:80 -s rr\n")
	want.Services[0].Pos, prior.Services[0].Pos = here, there
	live := state(t, "-A -t 192.0.2.2:80 -s rr\n")
	p := reconcile.NewPlan(reconcile.PlanInput{Want: want, Prior: &prior, Live: live, Owned: reconcile.Owned{}.Claim(prior)})
	if p.Changes() != 2 || p.Steps[0].Changes[0].Pos != here || p.Steps[1].Changes[0].Pos != there {
		t.Errorf("%v", p.Steps)
	}
}

func TestPlanIsBoundToWhatItDoes(t *testing.T) {
	live := state(t, "-A -t 192.0.2.1:80 -s rr\n")
	plan := func(scheduler, commit string) spec.Plan {
		want := state(t, "-A -t 192.0.2.1:80 -s "+scheduler+"\n")
		return reconcile.NewPlan(reconcile.PlanInput{Director: "lb1", Commit: spec.Commit{ID: commit}, Want: want, Live: live})
	}
	one, same, other := plan("wrr", "a"), plan("wrr", "b"), plan("lc", "a")
	if one.Digest != same.Digest || one.Digest == other.Digest {
		t.Errorf("%s %s %s", one.Digest, same.Digest, other.Digest)
	}
	if one.Director != "lb1" || one.Commit.ID != "a" {
		t.Errorf("plan is for %s at %s", one.Director, one.Commit.ID)
	}
}

func TestPlanKeepsHolds(t *testing.T) {
	holds := []spec.Hold{{Key: spec.RoleMaster, Why: "its instance has no role yet"}}
	live := state(t, "--start-daemon master --syncid 1\n")
	p := reconcile.NewPlan(reconcile.PlanInput{Live: live, Holds: holds, Owned: reconcile.Owned{}.Claim(live)})
	if p.Changes() != 0 || len(p.Foreign) != 0 || len(p.Held) != 1 || p.Held[0] != holds[0] {
		t.Errorf("%+v", p)
	}
}

func TestDiffOfEmptyStates(t *testing.T) {
	if d := reconcile.Diff(spec.State{}, spec.State{}); d != nil {
		t.Errorf("%v", d)
	}
}

func TestDiffOfEqualRowsAllocatesNothing(t *testing.T) {
	want, _ := reconcile.Want(fleetOf(20), spec.Facts{})
	live := liveOf(want)
	if n := testing.AllocsPerRun(10, func() { reconcile.Diff(want, live) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
