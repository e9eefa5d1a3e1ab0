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
