package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// servicesRemoved refuses a commit that removes more of a cluster than people do on purpose: a list came back empty, a file was lost in
// a merge.
type servicesRemoved struct{}

func (servicesRemoved) Name() string      { return "services-removed" }
func (servicesRemoved) Level() spec.Level { return spec.Overridable }
func (servicesRemoved) Meaning() string {
	return "One commit removes no more of a cluster's services than its budget allows, and not the last."
}
func (servicesRemoved) Lacks(in *Input) string { return in.noPrior() }

func (servicesRemoved) Check(in *Input) []Finding {
	var out []Finding
	pairs := in.pairs()
	for from, to := 0, 0; from < len(pairs); from = to {
		c := pairs[from].cluster
		var all, lost int
		var first pair
		for to = from; to < len(pairs) && pairs[to].cluster == c; to++ {
			all += pairs[to].services
			if pairs[to].now.Def != nil {
				continue
			}
			if lost += pairs[to].services; first.was.Def == nil {
				first = pairs[to]
			}
		}
		if b := budgetOf(in.Fleet, c); exceeds(lost, all, b.Services, b.Few) {
			out = append(out, found(clusterAt(in.Fleet, c.Name), fmt.Sprintf("%d of %d services of cluster %q would be removed", lost, all, c.Name),
				"The first of them is %s of virtual_server %q (%s in the accepted commit). Their connections end, and nothing answers at their ports. %s",
				first.key, first.was.Def.Name, first.was.Place.Pos(first.was.Def.At), widen("services", b.Services, count(b.Few, "service", "services"))))
		}
	}
	return out
}
