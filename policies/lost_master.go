package policies

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// lostMaster refuses to take a director from a cluster while it holds the addresses of one of its instances. One that is still in the
// fleet lets go of them, its services and its connections in one moment. One that is in the fleet no more refuses the commit and goes on
// as master, while the others, by unicast, do not hear it any more and elect another: two hosts answer for the address.
type lostMaster struct{}

func (lostMaster) Name() string      { return "lost-master" }
func (lostMaster) Level() spec.Level { return spec.Overridable }
func (lostMaster) Meaning() string {
	return "A director that is master of a vrrp_instance stays in the cluster of that instance: it hands over first."
}
func (lostMaster) Lacks(in *Input) string { return in.noFacts() }

func (lostMaster) Check(in *Input) []Finding {
	var out []Finding
	of := clusterOfInstances(in.Fleet)
	for _, name := range slices.Sorted(maps.Keys(in.Facts)) {
		roles := in.Facts[name].Roles
		for _, instance := range slices.Sorted(maps.Keys(roles)) {
			if c := of[instance]; c != nil && roles[instance] == spec.RoleMaster && !c.Has(name) {
				out = append(out, found(c.Place.Pos(c.DirectorsAt), fmt.Sprintf("director %q is master of vrrp_instance %q", name, instance), "%s", leaves(in.Fleet, c, name, instance)))
			}
		}
	}
	return out
}

func leaves(f *spec.Fleet, c *spec.Cluster, name, instance string) string {
	end := fmt.Sprintf("Keep %q in directors, run lbsync handover %s there, and take it out when another director is master.", name, instance)
	if _, ok := f.Director(name); ok {
		return fmt.Sprintf("It is not in cluster %q any more, so it would give up the addresses at once, and the connections that no other director knows would end. %s", c.Name, end)
	}
	return fmt.Sprintf("The fleet declares it no more. Its agent would refuse such a commit and go on as master, while the other directors of cluster %q may not hear it any more and elect another: both would answer for the addresses. %s Stop lbsync on it before its block goes.", c.Name, end)
}

// clusterOfInstances are the clusters by the names of their instances, which are unique in a fleet.
func clusterOfInstances(f *spec.Fleet) map[string]*spec.Cluster {
	out := map[string]*spec.Cluster{}
	for i := range f.Clusters {
		for _, inst := range f.Clusters[i].Instances {
			out[inst.Def.Name] = &f.Clusters[i]
		}
	}
	return out
}
