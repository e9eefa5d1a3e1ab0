package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// drainingState is what a view with a drain_timeout wants, and the same without its first real server.
func drainingState() (v spec.View, all, less spec.State, k spec.DestKey) {
	v = driftingView(spec.DriftRules{}, spec.DriftRules{})
	for i := range v.Clusters {
		for n := range v.Clusters[i].VirtualServers {
			v.Clusters[i].VirtualServers[n].Def.DrainTimeout = 2 * time.Minute
		}
	}
	all, _ = reconcile.Want(v, spec.Facts{Now: noon})
	less = all
	less.Dests = slices.Clone(all.Dests[1:])
	return v, all, less, all.Dests[0].Key
}

func only(t *testing.T, p spec.Plan) spec.Change {
	t.Helper()
	if p.Changes() != 1 {
		t.Fatalf("changes: %v", p.Steps)
	}
	return p.Steps[0].Changes[0]
}

// A removal is a drain, then a wait, then the removal, whatever comes between.
func TestDrain(t *testing.T) {
	v, all, less, k := drainingState()
	in := reconcile.PlanInput{Want: less, Prior: &all, Live: all, Owned: reconcile.Owned{}.Claim(all), Drift: reconcile.DriftPolicy{View: v}}
	c := only(t, reconcile.NewPlan(in))
	if c.Action != spec.Edit || c.After.(spec.Dest).Weight != 0 || c.Drain != 2*time.Minute || c.Reason != spec.ByCommit || c.Risk != spec.RiskDrains {
		t.Fatalf("the commit does %+v", c)
	}
	in.Live = reconcile.Advance(all, []spec.Change{c})
	drains := reconcile.Begun(nil, []spec.Change{c}, noon)
	in.Want, _ = reconcile.Want(v, spec.Facts{Now: noon, Drains: drains})
	in.Want.Dests = slices.DeleteFunc(slices.Clone(in.Want.Dests), func(r spec.Row[spec.DestKey, spec.Dest]) bool { return r.Key == k })
	in.Want.Declared = in.Want.Dests
	in.Want = reconcile.Reweigh(in.Want, []spec.ServiceKey{k.Service}, spec.Facts{Drains: drains})
	in.Prior, in.Drains = &less, drains
	if p := reconcile.NewPlan(in); p.Changes() != 0 {
		t.Fatalf("it drains, and yet: %v", p.Steps)
	}
	waiting := in.Want
	for _, end := range []struct {
		name   string
		active uint32
		at     time.Time
		over   bool
	}{{"connections are left", 3, noon.Add(time.Minute), false}, {"none is left", 0, noon, true}, {"the time is over", 3, noon.Add(2 * time.Minute), true}} {
		t.Run(end.name, func(t *testing.T) {
			now := reconcile.Drained(drains, &spec.Stats{Dests: []spec.DestStats{{Key: k, Active: end.active}}}, end.at)
			if over := now[0].Ended != ""; over != end.over {
				t.Fatalf("%+v", now)
			}
			if !end.over {
				return
			}
			in := in
			in.Drains = now
			in.Want = reconcile.Reweigh(waiting, []spec.ServiceKey{k.Service}, spec.Facts{Drains: now})
			for _, prior := range []*spec.State{&waiting, &less, &all} { // also where what was made in between is not known
				in.Prior = prior
				if c := only(t, reconcile.NewPlan(in)); c.Action != spec.Remove || c.Reason != spec.ByDrain || (c.Risk == spec.RiskNone) != (end.active == 0) {
					t.Fatalf("%+v", c)
				}
			}
		})
	}
}

// What git takes back in is no drain any more; nor is what is gone.
func TestDrainStands(t *testing.T) {
	_, all, less, k := drainingState()
	drains := reconcile.Begun(nil, []spec.Change{{Key: k, After: spec.Dest{}, Drain: time.Minute}}, noon)
	if len(reconcile.Standing(drains, less, all)) != 1 || len(reconcile.Standing(drains, all, all)) != 0 || len(reconcile.Standing(drains, less, less)) != 0 {
		t.Error("drains stand where they should not, or do not where they should")
	}
}

// A service that is removed is removed.
func TestNoDrainOfAService(t *testing.T) {
	v, all, _, _ := drainingState()
	p := reconcile.NewPlan(reconcile.PlanInput{Prior: &all, Live: all, Owned: reconcile.Owned{}.Claim(all), Drift: reconcile.DriftPolicy{View: spec.View{Director: v.Director}}})
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			if c.Drain > 0 {
				t.Errorf("%+v", c)
			}
		}
	}
}

// Ten times as many drains, each in a service of its own, cost ten times as much.
func BenchmarkDrains(b *testing.B) {
	for _, n := range []int{2000, 20000} {
		v := fleetOf(n)
		for i := range v.Clusters[0].VirtualServers {
			v.Clusters[0].VirtualServers[i].Def.DrainTimeout = time.Minute
		}
		all, _ := reconcile.Want(v, spec.Facts{})
		for i := range v.Clusters[0].VirtualServers {
			def := v.Clusters[0].VirtualServers[i].Def
			def.RealServers = def.RealServers[1:]
		}
		less, _ := reconcile.Want(v, spec.Facts{})
		in := reconcile.PlanInput{Want: less, Prior: &all, Live: all, Owned: reconcile.Owned{}.Claim(all), Drift: reconcile.DriftPolicy{View: v}}
		begun := reconcile.NewPlan(in).Steps[0].Changes
		drains := reconcile.Begun(nil, begun, noon)
		in.Drains = reconcile.Drained(drains, nil, noon.Add(time.Minute))
		for _, step := range []struct {
			name string
			do   func()
		}{
			{"begin", func() { reconcile.Begun(drains, begun, noon) }},
			{"want", func() { reconcile.Want(v, spec.Facts{Drains: drains}) }},
			{"end", func() { reconcile.NewPlan(in) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", step.name, n), func(b *testing.B) {
				for b.Loop() {
					step.do()
				}
			})
		}
	}
}
