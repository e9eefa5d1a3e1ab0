package reconcile_test

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// afterEach calls f with the state after each step of a plan.
func afterEach(in reconcile.PlanInput, f func(spec.Step, spec.State)) {
	live := in.Live
	for _, s := range reconcile.NewPlan(in).Steps {
		live = reconcile.Advance(live, s.Changes)
		f(s, live)
	}
}

// An engine that refused a step would keep all that it has, and the plan would end there.
func TestEngineTakesEveryStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		if err := in.Live.VRRP.Check(); err != nil {
			t.Fatal("the state to begin with: ", err)
		}
		afterEach(in, func(s spec.Step, now spec.State) {
			if err := now.VRRP.Check(); err != nil {
				t.Fatalf("after %s: %v", s.Phase, err)
			}
		})
	})
}

func servicesAt(s spec.State, a netip.Addr) []spec.ServiceKey {
	var out []spec.ServiceKey
	for _, r := range s.Services {
		if r.Key.Addr.Addr() == a {
			out = append(out, r.Key)
		}
	}
	return out
}

func holds(v spec.VRRP, a netip.Addr) bool {
	return slices.ContainsFunc(v.Addresses, func(r spec.Row[spec.AddressKey, spec.Address]) bool { return r.Key.Prefix.Addr() == a })
}

// A service before its address, and the address gone before its service.
func TestAddressIsNeverWithoutItsServices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Owned = in.Owned.Claim(in.Live)
		afterEach(in, func(s spec.Step, now spec.State) {
			for _, r := range now.VRRP.Addresses {
				a := r.Key.Prefix.Addr()
				services := servicesAt(now, a)
				if !holds(in.Live.VRRP, a) && !subset(servicesAt(in.Want, a), services) {
					t.Fatalf("after %s: %s is new and has not all its services", s.Phase, a)
				}
				if !holds(in.Want.VRRP, a) && !subset(servicesAt(in.Live, a), services) {
					t.Fatalf("after %s: %s is going and has lost a service", s.Phase, a)
				}
			}
		})
	})
}

func subset(of, in []spec.ServiceKey) bool {
	return !slices.ContainsFunc(of, func(k spec.ServiceKey) bool { return !slices.Contains(in, k) })
}

// Whatever fails before, this director does not become likelier to be master than it was, unless all was done.
func TestRoleIsNotDrawnToWhatFailed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Want.VRRP = raised(in.Live.VRRP)
		target := newTarget(in.Live, anyFaults(t)...)
		out := attempt(target, reconcile.NewPlan(in))
		for _, c := range out.Done {
			if c.Key.Kind() == spec.KindInstance && len(out.Failed) > 0 {
				t.Fatalf("%s was changed, and these were not: %v", c.Key, out.Failed)
			}
		}
	})
}

// raised has instances of a higher priority, and is the same else.
func raised(v spec.VRRP) spec.VRRP {
	v.Instances = slices.Clone(v.Instances)
	for i := range v.Instances {
		v.Instances[i].Value.Priority += 10
	}
	return v
}
