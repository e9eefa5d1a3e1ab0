package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Passable are the checks that would reach what they are about, and the firewall marks of those that would not, each once and in order.
// Along the real path that takes the private service: without it a probe goes where a client's packets go, to any real server or to
// another director, and its success says nothing.
func Passable(checks []spec.Check, live spec.State) (open []spec.Check, shut []uint32) {
	for _, c := range checks {
		if c.Path.Mark == 0 || leads(live, c) {
			open = append(open, c)
		} else {
			shut = append(shut, c.Path.Mark)
		}
	}
	slices.Sort(shut)
	return open, slices.Compact(shut)
}

// leads says whether the private service of a check has its real server, and no other.
func leads(live spec.State, c spec.Check) bool {
	rows := live.DestsOf(c.Service())
	return len(rows) == 1 && rows[0].Key.Addr.Addr() == c.Path.RealServer && rows[0].Value.Weight > 0
}
