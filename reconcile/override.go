package reconcile

import (
	"cmp"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Overriding are the overrides of facts that hold: those that are not over, and for each real server the one that was made last, by key.
// Without a time all count as not over.
func Overriding(f spec.Facts) []spec.Override {
	var out []spec.Override
	for _, o := range f.Overrides {
		if f.Now.IsZero() || f.Now.Before(o.Until) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b spec.Override) int {
		return cmp.Or(a.Key.Compare(b.Key), b.At.Compare(a.At), cmp.Compare(a.Director, b.Director))
	})
	return slices.CompactFunc(out, func(a, b spec.Override) bool { return a.Key == b.Key })
}

// override sets the weights of overrides that hold, in place. One of a real server that is not wanted has no effect.
func override(s *spec.State, f spec.Facts) {
	s.Overrides = Overriding(f)
	for _, o := range s.Overrides {
		if i, ok := destAt(s.Dests, o.Key); ok {
			s.Dests[i].Value.Weight = o.Weight
		}
	}
}

func destAt(rows spec.Rows[spec.DestKey, spec.Dest], k spec.DestKey) (int, bool) {
	return slices.BinarySearchFunc(rows, k, func(r spec.Row[spec.DestKey, spec.Dest], k spec.DestKey) int { return r.Key.Compare(k) })
}

// configured is a copy of rows, in which overridden real servers have the weights again that a view gives them.
func configured(rows spec.Rows[spec.DestKey, spec.Dest], overrides []spec.Override, v spec.View) spec.Rows[spec.DestKey, spec.Dest] {
	rows = slices.Clone(rows)
	for _, o := range overrides {
		if i, ok := destAt(rows, o.Key); ok {
			if d, _, ok := v.RealServer(o.Key); ok {
				rows[i].Value.Weight = d.Dest.Weight
			}
		}
	}
	return rows
}

// overrides says whether a change follows from an override, or from the end of one: a real server's weight and nothing else.
func (in *PlanInput) overrides(c *spec.Change) bool {
	k, ok := c.Key.(spec.DestKey)
	if !ok || c.Action != spec.Edit || !has(in.Want.Overrides, k) && (in.Prior == nil || !has(in.Prior.Overrides, k)) {
		return false
	}
	before, after := c.Before.(spec.Dest), c.After.(spec.Dest)
	before.Weight = after.Weight
	return before == after
}

func has(overrides []spec.Override, k spec.DestKey) bool {
	return slices.ContainsFunc(overrides, func(o spec.Override) bool { return o.Key == k })
}
