package reconcile_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

var sameState = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

// anyAsked draws what overrides, checks and drains ask of the real servers of a view, and of some that it does not have.
func anyAsked(t *rapid.T, v spec.View) spec.Facts {
	s, _ := reconcile.Want(v, spec.Facts{})
	f := spec.Facts{Now: noon, Pools: map[spec.ServiceKey]spec.PoolFact{}}
	if len(s.Dests) == 0 {
		return f
	}
	anyOne := func() spec.DestKey { return rapid.SampledFrom(s.Dests).Draw(t, "real server").Key }
	for range rapid.IntRange(0, 3).Draw(t, "overrides") {
		f.Overrides = append(f.Overrides, overriding("lb1", anyOne(), rapid.Int32Range(0, 3).Draw(t, "weight"), time.Duration(rapid.IntRange(-3, 0).Draw(t, "made"))*time.Hour, time.Hour))
	}
	for range rapid.IntRange(0, 4).Draw(t, "pools") {
		k := anyOne().Service
		f.Pools[k] = anyPool(t, s.DestsOf(k))
	}
	for range rapid.IntRange(0, 2).Draw(t, "drains") {
		k := anyOne()
		if rapid.Bool().Draw(t, "gone from git") {
			k.Addr = netip.MustParseAddrPort("203.0.113.9:80")
		}
		f.Drains = reconcile.Begun(f.Drains, []spec.Change{{Key: k, After: spec.Dest{}, Drain: time.Minute}}, noon)
	}
	return f
}

func anyPool(t *rapid.T, rows spec.Rows[spec.DestKey, spec.Dest]) spec.PoolFact {
	var f spec.PoolFact
	for i := range rows {
		if rapid.Bool().Draw(t, "affected") {
			f.Members = append(f.Members, spec.MemberFact{Key: rows[i].Key, Gone: rapid.Bool().Draw(t, "gone"), Weight: rapid.Int32Range(0, 3).Draw(t, "weight")})
		}
	}
	if len(rows) > 0 && rapid.Bool().Draw(t, "sorry") {
		k := rows[0].Key
		if rapid.Bool().Draw(t, "another server") {
			k.Addr = netip.MustParseAddrPort("203.0.113.99:80")
		}
		f.Sorry = &spec.Row[spec.DestKey, spec.Dest]{Key: k, Value: spec.Dest{Weight: 1}}
	}
	return f
}

// Whatever is asked while commits come and go: rows that are taken over are those that would be made anew, and the state they are taken
// from stays as it was.
func TestWantAfterIsWantWhateverIsAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		f := anyAsked(t, v)
		was, _ := reconcile.Want(v, f)
		for range rapid.IntRange(1, 4).Draw(t, "commits") {
			next := edited(t, v)
			before, _ := reconcile.Want(v, f)
			g := anyAsked(t, next)
			got, _ := reconcile.WantAfter(v, was, next, g)
			want, _ := reconcile.Want(next, g)
			if d := cmp.Diff(want, got, sameState); d != "" {
				t.Fatalf("state: %s", d)
			}
			if d := cmp.Diff(before, was, sameState); d != "" {
				t.Fatalf("the state before was altered: %s", d)
			}
			v, was, f = next, got, g
		}
	})
}

// Real servers of a few services that are weighed anew are as if all were.
func TestReweighIsWant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		f := anyAsked(t, v)
		was, _ := reconcile.Want(v, f)
		before, _ := reconcile.Want(v, f)
		g := f
		g.Pools = anyAsked(t, v).Pools
		services := slices.Collect(maps.Keys(f.Pools))
		services = slices.AppendSeq(services, maps.Keys(g.Pools))
		slices.SortFunc(services, spec.ServiceKey.Compare)
		got := reconcile.Reweigh(was, slices.Compact(services), g)
		want, _ := reconcile.Want(v, g)
		got.Declared, want.Declared = got.AsDeclared(), want.AsDeclared()
		if d := cmp.Diff(want, got, sameState); d != "" {
			t.Fatalf("state: %s", d)
		}
		if d := cmp.Diff(before, was, sameState); d != "" {
			t.Fatalf("the state before was altered: %s", d)
		}
	})
}

// What checks ask for is shown as that: neither the commit's, which would wait for other directors, nor drift.
func TestReasonOfHealth(t *testing.T) {
	k, v := webServer("192.0.2.21"), driftingView(spec.DriftRules{RealServers: spec.DriftOff}, spec.DriftRules{})
	with := func(m ...spec.MemberFact) spec.State {
		s, _ := reconcile.Want(v, spec.Facts{Now: noon, Pools: map[spec.ServiceKey]spec.PoolFact{k.Service: {Members: m}}})
		return s
	}
	up, out, slow := with(), with(spec.MemberFact{Key: k, Gone: true}), with(spec.MemberFact{Key: k, Weight: 7})
	sorry, _ := reconcile.Want(v, spec.Facts{Now: noon, Pools: map[spec.ServiceKey]spec.PoolFact{k.Service: {
		Sorry: &spec.Row[spec.DestKey, spec.Dest]{Key: webServer("192.0.2.99"), Value: spec.Dest{Weight: 1}}}}})
	other, _ := reconcile.Want(v, spec.Facts{Now: noon})
	other.Dests = slices.Clone(other.Dests)
	other.Dests[0].Value.Upper = 5
	less, _ := reconcile.Want(v, spec.Facts{Now: noon})
	less.Dests = slices.Clone(less.Dests[1:])
	for _, c := range []struct {
		name              string
		want, prior, live spec.State
		reason            spec.Reason
	}{
		{"it fails", out, up, up, spec.ByHealth},
		{"it is back", up, out, out, spec.ByHealth},
		{"its weight rises", up, slow, slow, spec.ByHealth},
		{"the sorry server comes", sorry, up, up, spec.ByHealth},
		{"the sorry server goes", up, sorry, sorry, spec.ByHealth},
		{"removed by hand while it is up", up, up, out, spec.ByDrift},
		{"put back by hand while it is out", out, out, up, spec.ByDrift},
		{"the commit changes more", other, slow, slow, spec.ByCommit},
		{"the commit removes it while its weight rises", less, slow, slow, spec.ByCommit},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []spec.Reason
			p := reconcile.NewPlan(reconcile.PlanInput{Want: c.want, Prior: &c.prior, Live: c.live, Owned: reconcile.Owned{}.Claim(c.want)})
			for _, s := range p.Steps {
				for _, x := range s.Changes {
					got = append(got, x.Reason)
				}
			}
			if len(got) != 1 || got[0] != c.reason {
				t.Errorf("%v, expected %v", got, c.reason)
			}
		})
	}
}

// A sorry server stands before the pool is emptied, and goes when it is filled again.
func TestSorryServerLeavesNoGap(t *testing.T) {
	k, v := webServer("192.0.2.21"), driftingView(spec.DriftRules{}, spec.DriftRules{})
	all, _ := reconcile.Want(v, spec.Facts{Now: noon})
	fact := spec.PoolFact{Sorry: &spec.Row[spec.DestKey, spec.Dest]{Key: webServer("192.0.2.99"), Value: spec.Dest{Weight: 1}}}
	for _, d := range all.DestsOf(k.Service) {
		fact.Members = append(fact.Members, spec.MemberFact{Key: d.Key, Gone: true})
	}
	sorry, _ := reconcile.Want(v, spec.Facts{Now: noon, Pools: map[spec.ServiceKey]spec.PoolFact{k.Service: fact}})
	for _, c := range [][2]spec.State{{all, sorry}, {sorry, all}} {
		target := reconciletest.New(c[0])
		p := reconcile.NewPlan(reconcile.PlanInput{Want: c[1], Prior: &c[0], Live: c[0], Owned: reconcile.Owned{}.Claim(c[0])})
		for _, s := range p.Steps {
			for _, x := range s.Changes {
				target.Apply(t.Context(), []spec.Change{x})
				if !usable(target.State())[k.Service] {
					t.Fatalf("no usable real server after %v %v", x.Action, x.Key)
				}
			}
		}
	}
}
