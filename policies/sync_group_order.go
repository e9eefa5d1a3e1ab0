package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// syncGroupOrder advises against a group whose members prefer different directors: it can be on one of them only, and which one that is
// the priorities do not say.
type syncGroupOrder struct{}

func (syncGroupOrder) Name() string      { return "sync-group-order" }
func (syncGroupOrder) Level() spec.Level { return spec.Advise }
func (syncGroupOrder) Meaning() string {
	return "The instances of a vrrp_sync_group have their directors in one order of priority: a group moves as a whole, and each member would have it elsewhere."
}

func (syncGroupOrder) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, g := range groupsOf(c) {
			if len(g.members) == 0 {
				continue
			}
			first := orderOf(c, g.members[0].Def)
			for _, m := range g.members[1:] {
				order := orderOf(c, m.Def)
				if slices.Equal(order, first) {
					continue
				}
				out = append(out, found(m.Place.Pos(m.Def.Priority.At), fmt.Sprintf("%q and %q of vrrp_sync_group %q prefer different directors", g.members[0].Def.Name, m.Def.Name, g.Name),
					"One has %s, the other %s. The group is on one director as a whole: each yields by the member in which it is the lower, so it stays where it came to be first, no preemption brings about what either says, "+
						"and where two start at once they may both hold the addresses for some advertisements. Write the same order in all members.", strings.Join(first, " before "), strings.Join(order, " before ")))
				break
			}
		}
	}
	return out
}

// orderOf are a cluster's directors by their priority in an instance, the highest first; where it is the same, as the cluster has them.
func orderOf(c *spec.Cluster, i *spec.VRRPInstance) []string {
	out := slices.Clone(c.Directors)
	slices.SortStableFunc(out, func(a, b string) int {
		pa, _ := i.Priority.For(a)
		pb, _ := i.Priority.For(b)
		return cmp.Compare(pb, pa)
	})
	return out
}
