package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Shift is what of a plan the facts ask of some services, in order, and nothing else: neither drift nor what is left of a commit. It
// costs what these services cost, however many others there are.
func Shift(in PlanInput, services []spec.ServiceKey) spec.Plan {
	in.Want, in.Live = part(in.Want, services), part(in.Live, services)
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

// part is a state with only some of its services.
func part(s spec.State, services []spec.ServiceKey) spec.State {
	var out spec.State
	for _, k := range services {
		row, ok := s.Services.Find(k)
		if !ok {
			continue
		}
		out.Services = append(out.Services, row)
		out.Dests = append(out.Dests, s.DestsOf(k)...)
		from, to := s.EffectRange(k)
		out.Effects = append(out.Effects, s.Effects[from:to]...)
	}
	return out
}

// Shifted is a wanted state that was made, in part at least, after some of what facts asked of it was done too: what is still to be done
// is theirs, and neither the commit's nor drift.
func Shifted(prior, want spec.State, done []spec.Change) spec.State {
	out := Advance(prior, done)
	out.Effects = append(slices.Clone(want.Effects), prior.Effects...)
	slices.SortStableFunc(out.Effects, func(a, b spec.Effect) int { return a.Key.Compare(b.Key) })
	out.Effects = slices.CompactFunc(out.Effects, func(a, b spec.Effect) bool { return a.Key == b.Key })
	return out
}
