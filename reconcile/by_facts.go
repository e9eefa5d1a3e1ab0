package reconcile

import "github.com/lbsync/lbsync/spec"

// byFacts says whether a change follows from facts and not from the commit, and from which: what is wanted differs from what was, where
// git does not.
func (in *PlanInput) byFacts(c *spec.Change) (spec.Reason, bool) {
	k, ok := c.Key.(spec.DestKey)
	if !ok {
		return 0, false
	}
	now, before, declared := in.Want.EffectOn(k), (*spec.Effect)(nil), false
	if in.Prior != nil {
		before = in.Prior.EffectOn(k)
		_, declared = in.Prior.AsDeclared().Find(k)
	}
	switch c.Action {
	case spec.Add:
		if now != nil && !now.Extra {
			now = nil // the commit's own, with another weight
		}
		if !declared {
			before = nil // the commit's own, which may wait for other directors
		}
	case spec.Remove:
		if before != nil && !before.Extra {
			before = nil // the commit takes away what was affected
		}
	default:
		was, is := c.Before.(spec.Dest), c.After.(spec.Dest)
		was.Weight = is.Weight
		if was != is || drained(now) || drained(before) {
			return 0, false
		}
	}
	switch {
	case now != nil:
		return now.By, true
	case before != nil:
		return before.By, true
	}
	return 0, false
}

func drained(e *spec.Effect) bool { return e != nil && e.By == spec.ByDrain }
