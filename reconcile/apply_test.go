package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// threeSteps is a plan of a service, its two real servers, and the removal of another service.
func threeSteps(t *testing.T) (spec.Plan, *reconciletest.Target) {
	want := state(t, "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 192.0.2.21:80 -g -w 1\n-a -t 192.0.2.1:80 -r 192.0.2.22:80 -g -w 1\n")
	live := state(t, "-A -t 192.0.2.2:80 -s rr\n")
	return reconcile.NewPlan(reconcile.PlanInput{Want: want, Live: live, Owned: reconcile.Owned{}.Claim(live)}), reconciletest.New(live)
}

func TestExecuteTellsOfEachStep(t *testing.T) {
	p, target := threeSteps(t)
	target.Inject(reconciletest.FailAt(2, errInjected))
	var got []string
	out := reconcile.Execute(context.Background(), target, p, func(e reconcile.StepEvent) error {
		failed := slices.IndexFunc(e.Errors, func(err error) bool { return err != nil })
		got = append(got, fmt.Sprintf("%d %d %s %d changes %d operations, failed %d",
			e.Index, e.Moment, e.Step.Phase, len(e.Step.Changes), len(target.History()), failed))
		return nil
	})
	want := []string{
		"0 0 add services 1 changes 0 operations, failed -1", "0 1 add services 1 changes 1 operations, failed -1",
		"1 0 add real servers 2 changes 1 operations, failed -1", "1 1 add real servers 2 changes 3 operations, failed 1",
		"2 0 remove services 1 changes 3 operations, failed -1", "2 1 remove services 1 changes 4 operations, failed -1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if out.Whole() || out.Err != nil || len(out.Done) != 3 || len(out.Failed) != 1 || !errors.Is(out.Failed[0].Err, errInjected) {
		t.Errorf("%+v", out)
	}
}

func TestExecuteStopsWhereTheJournalCannotWrite(t *testing.T) {
	for stop := range 6 {
		p, target := threeSteps(t)
		n := 0
		out := reconcile.Execute(context.Background(), target, p, func(reconcile.StepEvent) error {
			if n++; n == stop+1 {
				return errInjected
			}
			return nil
		})
		if !errors.Is(out.Err, errInjected) || n != stop+1 || out.Whole() {
			t.Errorf("event %d: %v after %d events", stop, out.Err, n)
		}
		if len(out.Done) != len(target.History()) {
			t.Errorf("event %d: %d done, %d operations", stop, len(out.Done), len(target.History()))
		}
	}
}

func TestExecuteEndsWithTheContext(t *testing.T) {
	p, target := threeSteps(t)
	ctx, cancel := context.WithCancel(context.Background())
	out := reconcile.Execute(ctx, target, p, func(e reconcile.StepEvent) error {
		if e.Moment == reconcile.After {
			cancel()
		}
		return nil
	})
	if !errors.Is(out.Err, context.Canceled) || len(out.Done) != 1 || len(target.History()) != 1 {
		t.Errorf("%+v after %d operations", out, len(target.History()))
	}
}

func TestExecuteSkipsWhatHasNoService(t *testing.T) {
	p, target := threeSteps(t)
	target.Inject(reconciletest.FailKey(serviceKeys[0], errInjected))
	events := 0
	out := reconcile.Execute(context.Background(), target, p, func(reconcile.StepEvent) error { events++; return nil })
	if len(out.Skipped) != 2 || !errors.Is(out.Skipped[0].Err, reconcile.ErrNoService) || len(target.History()) != 2 || len(out.Done) != 1 {
		t.Errorf("%+v after %d operations", out, len(target.History()))
	}
	if events != 4 {
		t.Errorf("%d events: a step of which nothing is left is told of", events)
	}
}

// failing is what becomes of the plan from live to want where the changes of one key fail.
func failing(t *testing.T, want, live string, key spec.Key) reconcile.Outcome {
	in := reconcile.PlanInput{Want: state(t, want), Live: state(t, live)}
	in.Owned = in.Owned.Claim(in.Live)
	return attempt(newTarget(in.Live, reconciletest.FailKey(key, errInjected)), reconcile.NewPlan(in))
}

const instance = "vrrp-instance --instance v --interface eth0 --routerid 7 --version 3 --family ipv4 --interval 1s --downadverts 3 --group 224.0.0.18 --priority 100"

func TestExecuteKeepsTheServiceOfAnAddressThatStays(t *testing.T) {
	const address, other = "\nvirtual-address --instance v --prefix 192.0.2.1/32 --device eth0 --scope global\n", "virtual-address --instance v --prefix 192.0.2.9/32\n"
	const services = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 192.0.2.21:80 -g -w 1\n-A -t 192.0.2.2:80 -s rr\n"
	gone := spec.AddressKey{Instance: "v", Prefix: netip.MustParsePrefix("192.0.2.1/32")}
	out := failing(t, instance+"\n"+other, instance+address+other+services, gone)
	if len(out.Skipped) != 2 || len(out.Failed) != 1 || len(out.Done) != 1 || out.Done[0].Key.String() != "tcp 192.0.2.2:80" {
		t.Fatalf("%+v", out)
	}
	for _, s := range out.Skipped {
		if !errors.Is(s.Err, reconcile.ErrAddress) {
			t.Error(s)
		}
	}
}

func TestExecuteFollowsNoInstanceThatIsMissing(t *testing.T) {
	const rest = "\nvirtual-address --instance v --prefix 192.0.2.1/32 --device eth0 --scope global\nsync-role --instance v --daemon.syncid 1\n"
	out := failing(t, instance+rest, "", spec.InstanceKey("v"))
	if len(out.Done) != 0 || len(out.Failed) != 2 || len(out.Skipped) != 1 || !errors.Is(out.Skipped[0].Err, reconcile.ErrNoInstance) {
		t.Errorf("%+v", out)
	}
}

// Who lacks a service does not take the role; but it may give it away.
func TestExecuteDrawsNoRoleToWhatFailed(t *testing.T) {
	const address, service = "\nvirtual-address --instance v --prefix 192.0.2.1/32 --device eth0 --scope global\n", "-A -t 192.0.2.1:80 -s rr\n"
	for priority, want := range map[string]string{
		"100 --preempt true": "not all that a master needs could be done, so the role is not drawn here",
		"101":                "not all that a master needs could be done, so the role is not drawn here",
		"99":                 "",
	} {
		out := failing(t, strings.Replace(instance, "100", priority, 1)+address+service, instance+address, serviceKeys[0])
		got := ""
		if len(out.Skipped) > 0 {
			got = out.Skipped[0].Err.Error()
		}
		if got != want || len(out.Skipped)+len(out.Done) != 1 {
			t.Errorf("%s: %+v", priority, out)
		}
	}
}

func TestExecuteRefusesATargetThatMiscounts(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	p, _ := threeSteps(t)
	reconcile.Execute(context.Background(), miscounting{}, p, quiet)
}

type miscounting struct{ reconcile.Target }

func (miscounting) Apply(context.Context, []spec.Change) []error { return nil }

// Wherever the process dies, a plan from what is live ends the work.
func TestCrashAtEveryOperation(t *testing.T) {
	for n := range 4 {
		p, target := threeSteps(t)
		target.Inject(reconciletest.CrashAt(n))
		attempt(target, p)
		if len(target.History()) != n {
			t.Fatalf("crash at %d: %d operations", n, len(target.History()))
		}
		target.Inject()
		want := state(t, "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 192.0.2.21:80 -g -w 1\n-a -t 192.0.2.1:80 -r 192.0.2.22:80 -g -w 1\n")
		owned := reconcile.Owned{}.Claim(want).Claim(state(t, "-A -t 192.0.2.2:80 -s rr\n"))
		attempt(target, reconcile.NewPlan(reconcile.PlanInput{Want: want, Live: target.State(), Owned: owned}))
		if got := target.String(); got != reconciletest.Format(want) {
			t.Errorf("crash at %d: %s", n, got)
		}
	}
}
