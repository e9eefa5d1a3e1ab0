package health

import (
	"cmp"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Counts are what all checks come to.
func (r *Runner) Counts() spec.CheckCounts {
	r.mu.Lock()
	out := spec.CheckCounts{Configured: r.configured, States: map[string]int{}}
	r.mu.Unlock()
	kinds := map[string]spec.KindCounts{}
	for _, l := range r.loops {
		l.count(&out, kinds)
	}
	for _, k := range kinds {
		out.Kinds = append(out.Kinds, k)
	}
	slices.SortFunc(out.Kinds, func(a, b spec.KindCounts) int { return cmp.Compare(a.Kind, b.Kind) })
	return out
}

// count adds what the loop has.
func (l *loop) count(to *spec.CheckCounts, kinds map[string]spec.KindCounts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for state, n := range l.states {
		to.States[spec.CheckState(state).String()] += n
		to.Unique += n
	}
	to.InFlight += l.flying
	if why, since := l.guard.frozen(l.clock()); why != "" && (to.Frozen == "" || since.time().Before(to.FrozenAt)) {
		to.Frozen, to.FrozenAt = why, since.time()
	}
	to.Delay.Merge(l.delay)
	for name, k := range l.kinds {
		sum := kinds[name]
		sum.Kind = name
		sum.OK, sum.Failed, sum.Skipped = sum.OK+k.OK, sum.Failed+k.Failed, sum.Skipped+k.Skipped
		sum.Took.Merge(k.Took)
		kinds[name] = sum
	}
}
