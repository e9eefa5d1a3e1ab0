package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

var errInjected = errors.New("injected")

func quiet(reconcile.StepEvent) error { return nil }

// attempt carries out one plan; a crash of the target leaves an empty outcome.
func attempt(target *reconciletest.Target, p spec.Plan) (out reconcile.Outcome) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(reconciletest.Crash); !ok {
				panic(r)
			}
		}
	}()
	return reconcile.Execute(context.Background(), target, p, quiet)
}

// anyFaults draws failing operations, or a crash, or both.
func anyFaults(t *rapid.T) []reconciletest.Fault {
	var out []reconciletest.Fault
	for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 15), 0, 4, rapid.ID).Draw(t, "failing operations") {
		out = append(out, reconciletest.FailAt(n, errInjected))
	}
	if rapid.Bool().Draw(t, "crashes") {
		out = append(out, reconciletest.CrashAt(rapid.IntRange(0, 20).Draw(t, "crash")))
	}
	return out
}

func newTarget(s spec.State, faults ...reconciletest.Fault) *reconciletest.Target {
	target := reconciletest.New(s)
	target.Inject(faults...)
	return target
}

// struggle runs a plan on a failing target, then re-plans on one that works, as the agent does.
func struggle(t *rapid.T, in reconcile.PlanInput) *reconciletest.Target {
	target := newTarget(in.Live, anyFaults(t)...)
	in.Owned = in.Owned.Claim(in.Want)
	attempt(target, reconcile.NewPlan(in))
	target.Inject()
	in.Live = target.State()
	if out := attempt(target, reconcile.NewPlan(in)); !out.Whole() {
		t.Fatalf("the second plan, without faults: %+v", out)
	}
	return target
}

func TestReplanConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		target := struggle(t, in)
		if d := cmp.Diff(reconciletest.Format(endOf(in)), target.String()); d != "" {
			t.Fatalf("end (-wanted and foreign +got):\n%s", d)
		}
		in.Live = target.State()
		if p := reconcile.NewPlan(in); len(p.Steps) != 0 {
			t.Fatalf("a plan is left: %v", p.Steps)
		}
	})
}

// usable are the services that have a real server of weight above 0.
func usable(s spec.State) map[spec.ServiceKey]bool {
	m := map[spec.ServiceKey]bool{}
	for _, d := range s.Dests {
		if d.Value.Weight > 0 {
			m[d.Key.Service] = true
		}
	}
	return m
}

func TestNoServiceLosesItsPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		target := struggle(t, in)
		had, keeps := usable(in.Live), usable(in.Want)
		replay := reconciletest.New(in.Live)
		for i, op := range target.History() {
			if op.Err != nil || spec.IsVRRP(op.Change.Key) {
				continue
			}
			if err := replay.Apply(context.Background(), []spec.Change{op.Change})[0]; err != nil {
				t.Fatal(err)
			}
			now := usable(replay.State())
			for k := range had {
				if keeps[k] && !now[k] {
					t.Fatalf("%s has no usable real server after operation %d, %s %s", k, i, op.Change.Action, op.Change.Key)
				}
			}
		}
	})
}

func TestForeignIsNeverTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		foreign := map[spec.Key]bool{}
		for _, f := range reconcile.NewPlan(in).Foreign {
			foreign[f.Key] = true
		}
		target := struggle(t, in)
		for _, op := range target.History() {
			if foreign[op.Change.Key] {
				t.Fatalf("%s %s", op.Change.Action, op.Change.Key)
			}
		}
		for k := range foreign {
			if in.Owned.Claim(in.Want).Keep(target.State()).Has(k) {
				t.Fatalf("%s is owned now", k)
			}
		}
	})
}

func TestPlanOfSameStateIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyState(t, "state")
		p := reconcile.NewPlan(reconcile.PlanInput{Want: s, Live: s, Owned: reconcile.Owned{}.Claim(anyState(t, "owned"))})
		if p.Changes() != 0 || len(p.Foreign) != 0 {
			t.Fatalf("%v %v", p.Steps, p.Foreign)
		}
	})
}

func TestAdvanceIsWhatIsObserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		before := reconciletest.Format(in.Live)
		target := reconciletest.New(in.Live)
		failing := rapid.SliceOfDistinct(rapid.IntRange(0, 15), rapid.ID).Draw(t, "failing operations")
		target.Inject(func(n int, _ spec.Change) error {
			if slices.Contains(failing, n) {
				return errInjected
			}
			return nil
		})
		out := attempt(target, reconcile.NewPlan(in))
		equal := []cmp.Option{cmpopts.EquateEmpty(), cmpopts.EquateComparable(spec.ServiceKey{}, spec.DestKey{}, spec.Daemon{},
			spec.Instance{}, spec.PeerKey{}, spec.AddressKey{}, spec.Address{}, spec.RouteKey{}, spec.Route{}, spec.Rule{}, spec.FollowSync{})}
		if d := cmp.Diff(target.State(), reconcile.Advance(in.Live, out.Done), equal...); d != "" {
			t.Fatalf("after %v (-observed +advanced):\n%s", out.Done, d)
		}
		if reconciletest.Format(in.Live) != before {
			t.Fatal("the state before was altered")
		}
	})
}

func TestHeldIsLeftAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		service := rapid.SampledFrom(serviceKeys).Draw(t, "held service")
		in.Holds = []spec.Hold{{Key: service, Why: "held"}, {Key: spec.RoleMaster, Why: "held"}}
		for _, s := range reconcile.NewPlan(in).Steps {
			for _, c := range s.Changes {
				if d, ok := c.Key.(spec.DestKey); c.Key == spec.Key(service) || c.Key == spec.Key(spec.RoleMaster) || ok && d.Service == service {
					t.Fatalf("%s %s", c.Action, c.Key)
				}
			}
		}
	})
}
