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

// Shifted is a wanted state that was made, in part at least, after some of another was made, by its commit and by what facts asked: what
// facts ask still is theirs, and neither the commit's nor drift. Of what the commit declares it has that which was made.
func Shifted(prior, want spec.State, done []spec.Change) spec.State {
	out := Advance(prior, done)
	out.Declared = declaredBy(want, orphaned(prior.AsDeclared(), done), done)
	out.Effects = append(slices.Clone(want.Effects), prior.Effects...)
	slices.SortStableFunc(out.Effects, func(a, b spec.Effect) int { return a.Key.Compare(b.Key) })
	out.Effects = slices.CompactFunc(out.Effects, func(a, b spec.Effect) bool { return a.Key == b.Key })
	return out
}

// declaredBy is what was declared after a commit made changes, each with what it declares: facts may have asked for another weight.
func declaredBy(want spec.State, was spec.Rows[spec.DestKey, spec.Dest], done []spec.Change) spec.Rows[spec.DestKey, spec.Dest] {
	var changes []spec.Change
	for i := range done {
		k, ok := done[i].Key.(spec.DestKey)
		if !ok || done[i].Reason.ByFacts() {
			continue
		}
		c := spec.Change{Key: k}
		if row, declares := want.AsDeclared().Find(k); declares {
			c.After = row.Value
		}
		changes = append(changes, c)
	}
	return was.Advance(changes)
}

// Found is what counts as made of a wanted state where nothing is known of that: what is live of it, and of what is owned besides. All
// that is left to do is the commit's then. Where some of that waits for other directors, what is not live may be what waits, and does not
// count as declared.
func Found(want, live spec.State, owned Owned, waits bool) spec.State {
	var undone []spec.Change
	for _, c := range Diff(want, live) {
		if c.Action != spec.Remove || owned.Has(c.Key) {
			undone = append(undone, undo(c))
		}
	}
	out := Advance(want, undone)
	out.Declared = want.AsDeclared()
	if waits {
		out.Declared = slices.DeleteFunc(slices.Clone(out.Declared), func(r spec.Row[spec.DestKey, spec.Dest]) bool {
			_, there := out.Dests.Find(r.Key)
			return !there
		})
	}
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
