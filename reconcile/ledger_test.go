package reconcile_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// Whoever reads the whole of a ledger between two moves of its portions alters nothing, and sees what they have moved.
func TestLedgerKeepsAsideUnseen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyView(t)
		f := anyAsked(t, v)
		want, _ := reconcile.Want(v, f)
		prior := want
		if rapid.Bool().Draw(t, "something of it is not made") {
			prior, _ = reconcile.Want(v, anyAsked(t, v))
		}
		live := prior
		live.Effects, live.Declared = nil, nil
		var lazy, read reconcile.Ledger
		for _, l := range []*reconcile.Ledger{&lazy, &read} {
			l.Wants(&want)
			l.Holds(live)
			l.Made(&want)
			if !cmp.Equal(want, prior, sameState) {
				l.Made(&prior)
			}
		}
		for range rapid.IntRange(1, 4).Draw(t, "moves") {
			g := f
			g.Pools = anyAsked(t, v).Pools
			services := slices.SortedFunc(maps.Keys(g.Pools), spec.ServiceKey.Compare)
			wanted, out := reconcile.Reweigh(*read.Want(), services, g), move(t, &lazy, services, g)
			lived := reconcile.Advance(read.Live(), out.Done)
			part := read.Portion(services)
			read.Put(services, part.After(reconcile.Reweigh(*part.Want, services, g), out))
			same(t, "wanted", *read.Want(), wanted)
			same(t, "live", read.Live(), lived)
		}
		same(t, "wanted, read at the end", *lazy.Want(), *read.Want())
		same(t, "made, read at the end", *lazy.Prior(), *read.Prior())
		same(t, "live, read at the end", lazy.Live(), read.Live())
		if (lazy.Want() == lazy.Prior()) != (read.Want() == read.Prior()) {
			t.Fatal("only one of them says that all was made")
		}
	})
}

// move has a ledger, and a kernel that refuses some of it, hold what is asked of services.
func move(t *rapid.T, l *reconcile.Ledger, services []spec.ServiceKey, f spec.Facts) reconcile.Outcome {
	part := l.Portion(services)
	want := reconcile.Reweigh(*part.Want, services, f)
	out := anyOutcome(t, reconcile.Shift(reconcile.PlanInput{Director: "lb1", Want: want, Prior: part.Prior, Live: part.Live}))
	l.Put(services, part.After(want, out))
	return out
}

func same(t *rapid.T, what string, got, want spec.State) {
	t.Helper()
	got.Declared, want.Declared = got.AsDeclared(), want.AsDeclared()
	if d := cmp.Diff(want, got, sameState); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
}

// anyOutcome carries out a plan, or some of it.
func anyOutcome(t *rapid.T, p spec.Plan) reconcile.Outcome {
	var out reconcile.Outcome
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			if rapid.IntRange(0, 5).Draw(t, "refused") == 0 {
				out.Failed = append(out.Failed, reconcile.Failure{Change: c})
			} else {
				out.Done = append(out.Done, c)
			}
		}
	}
	return out
}
