package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// realServersRemoved refuses a commit that takes many real servers from a cluster, whatever it puts in their place: nobody knows yet
// whether the new ones answer.
type realServersRemoved struct{}

func (realServersRemoved) Name() string      { return "real-servers-removed" }
func (realServersRemoved) Level() spec.Level { return spec.Overridable }
func (realServersRemoved) Meaning() string {
	return "One commit removes, or sets to weight 0, no more of a cluster's real servers than its budget allows, and not all; also where others are added. Real servers of services that are removed do not count."
}
func (realServersRemoved) Lacks(in *Input) string { return in.noPrior() }

func (realServersRemoved) Check(in *Input) []Finding {
	var out []Finding
	pairs := in.pairs()
	for from, to := 0, 0; from < len(pairs); from = to {
		c := pairs[from].cluster
		var all, lost int
		var worst pair
		most := 0
		for to = from; to < len(pairs) && pairs[to].cluster == c; to++ {
			p := &pairs[to]
			all, lost = all+p.delta.usable*p.services, lost+p.delta.gone*p.services
			if p.delta.gone > most {
				most, worst = p.delta.gone, *p
			}
		}
		if b := budgetOf(in.Fleet, c); exceeds(lost, all, b.RealServers, b.Few) {
			out = append(out, found(worst.now.Place.Pos(worst.now.Def.At), fmt.Sprintf("%d of %d real servers of cluster %q would be removed or get weight 0", lost, all, c.Name),
				"Most of them, %d, are those of virtual_server %q. What is left has to carry their load at once, and what is new is not proven. %s", most, worst.now.Def.Name, widen("real_servers", b.RealServers, count(b.Few, "real server", "real servers"))))
		}
	}
	return out
}
