package reconcile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// A real server that a commit adds is the commit's until it was in, whatever checks say of it; then it comes and goes as they say.
func TestReasonOfWhatACommitAdds(t *testing.T) {
	k, v := webServer("192.0.2.21"), driftingView(spec.DriftRules{}, spec.DriftRules{})
	with := func(m ...spec.MemberFact) spec.State {
		s, _ := reconcile.Want(v, spec.Facts{Now: noon, Pools: map[spec.ServiceKey]spec.PoolFact{k.Service: {Members: m}}})
		return s
	}
	up, out := with(), with(spec.MemberFact{Key: k, Gone: true})
	less := up
	less.Dests = slices.DeleteFunc(slices.Clone(up.Dests), func(r spec.Row[spec.DestKey, spec.Dest]) bool { return r.Key == k })
	less.Declared = less.Dests
	add := spec.Change{Key: k, Action: spec.Add, After: up.Dests[0].Value, Reason: spec.ByCommit}
	remove := spec.Change{Key: k, Action: spec.Remove, Before: up.Dests[0].Value, Reason: spec.ByHealth}
	for _, c := range []struct {
		name   string
		prior  spec.State
		reason spec.Reason
	}{
		{"nothing was made", less, spec.ByCommit},
		{"it failed before it was in", reconcile.Shifted(less, out, nil), spec.ByCommit},
		{"it was in and failed", reconcile.Shifted(reconcile.Shifted(less, up, []spec.Change{add}), out, []spec.Change{remove}), spec.ByHealth},
		{"it is out since before a restart", reconcile.Found(out, less, reconcile.Owned{}, false), spec.ByHealth},
		{"the same, and something waits", reconcile.Found(out, less, reconcile.Owned{}, true), spec.ByCommit},
	} {
		if got := only(t, reconcile.NewPlan(reconcile.PlanInput{Want: up, Prior: &c.prior, Live: less, Owned: reconcile.Owned{}.Claim(up)})); got.Reason != c.reason {
			t.Errorf("%s: %v, expected %v", c.name, got.Reason, c.reason)
		}
	}
}

// Where nothing is known of what was made, all that is left to do is the commit's, and nothing more or less is done.
func TestFoundIsNoDrift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		before, _ := reconcile.Want(v, spec.Facts{})
		want, _ := reconcile.Want(edited(t, v), spec.Facts{})
		in := reconcile.PlanInput{Want: want, Live: liveOf(before)}
		if rapid.Bool().Draw(t, "owned") {
			in.Owned = reconcile.Owned{}.Claim(before)
		}
		in.Owned = in.Owned.Claim(want)
		first := reconcile.NewPlan(in)
		found := reconcile.Found(want, in.Live, in.Owned, rapid.Bool().Draw(t, "some of it waits"))
		in.Prior = &found
		then := reconcile.NewPlan(in)
		if first.Changes() != then.Changes() || cmp.Diff(first.Foreign, then.Foreign, sameState) != "" {
			t.Fatalf("%v, where nothing was known %v", then.Steps, first.Steps)
		}
		for _, s := range then.Steps {
			for _, c := range s.Changes {
				if c.Reason != spec.ByCommit {
					t.Fatalf("%v %v is %v", c.Action, c.Key, c.Reason)
				}
			}
		}
	})
}
