package agent

import (
	"slices"
	"sort"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// probe has checks run from now on, but for those along the real path whose private service the kernel has not.
func (a *Agent) probe(checks []spec.Check, states map[spec.Check]spec.CheckState) {
	var open []spec.Check
	open, a.shut = reconcile.Passable(checks, a.states.Live())
	a.parts.Health.Set(open, states)
}

// clear looks whether private services came or went since, as by another's hand.
func (a *Agent) clear() {
	if a.pools == nil || !a.pools.Pathed() {
		return
	}
	checks, states := a.pools.Checks()
	if _, shut := reconcile.Passable(checks, a.states.Live()); !slices.Equal(shut, a.shut) {
		a.probe(checks, states)
	}
}

// private is how many services are those of checks, which come last; each has one real server. Nobody but lbsync counts them.
func private(rows spec.Rows[spec.ServiceKey, spec.Service]) int {
	return len(rows) - sort.Search(len(rows), func(i int) bool { return rows[i].Key.Private() })
}
