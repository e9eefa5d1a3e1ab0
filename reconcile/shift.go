package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Shift is what of the plan for a portion the facts ask, and nothing else: neither drift nor what is left of a commit. It costs what the
// portion costs, however many other services there are.
func Shift(in PlanInput) spec.Plan {
	p := NewPlan(in)
	var steps []spec.Step
	for _, s := range p.Steps {
		var asked []spec.Change
		for i := range s.Changes {
			if s.Changes[i].Reason.ByFacts() {
				asked = append(asked, s.Changes[i])
			}
		}
		if len(asked) > 0 {
			steps = append(steps, spec.Step{Phase: s.Phase, Changes: asked})
		}
	}
	return spec.Plan{Director: p.Director, Commit: p.Commit, Steps: steps, Digest: digest(steps)}
}

// After is what becomes of a portion of which something else is wanted, where a plan for it, or some of it, was carried out.
func (p Portion) After(want spec.State, out Outcome) Portion {
	after := Portion{Want: &want, Prior: p.Prior, Live: Advance(p.Live, out.Done)}
	switch {
	case out.Whole() && p.Prior == p.Want:
		after.Prior = after.Want
	case p.Prior != nil:
		prior := Shifted(*p.Prior, want, out.Done)
		after.Prior = &prior
	}
	return after
}

// Shifted is a wanted state that was made, in part at least, after some of what facts asked of it was done too: what is still to be done
// is theirs, and neither the commit's nor drift.
func Shifted(prior, want spec.State, done []spec.Change) spec.State {
	out := Advance(prior, done)
	out.Declared = prior.AsDeclared()
	out.Effects = append(slices.Clone(want.Effects), prior.Effects...)
	slices.SortStableFunc(out.Effects, func(a, b spec.Effect) int { return a.Key.Compare(b.Key) })
	out.Effects = slices.CompactFunc(out.Effects, func(a, b spec.Effect) bool { return a.Key == b.Key })
	return out
}

// Found is what counts as made of a wanted state where nothing is known of that: what is live of it, and of what is owned besides. All
// that is left to do is the commit's then, and the commit declares the real servers.
func Found(want, live spec.State, owned Owned) spec.State {
	var undone []spec.Change
	for _, c := range Diff(want, live) {
		if c.Action != spec.Remove || owned.Has(c.Key) {
			undone = append(undone, undo(c))
		}
	}
	out := Advance(want, undone)
	out.Declared = want.AsDeclared()
	return out
}

func undo(c spec.Change) spec.Change {
	c.Before, c.After = c.After, c.Before
	switch c.Action {
	case spec.Add:
		c.Action = spec.Remove
	case spec.Remove:
		c.Action = spec.Add
	}
	return c
}
