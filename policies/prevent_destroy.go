package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// preventDestroy keeps what carries lifecycle { prevent_destroy = true } in the last accepted commit: to remove it, one commit takes
// the mark away and a later one the block.
type preventDestroy struct{}

func (preventDestroy) Name() string      { return "prevent-destroy" }
func (preventDestroy) Level() spec.Level { return spec.Overridable }
func (preventDestroy) Meaning() string {
	return "A virtual_server marked prevent_destroy is not removed by the commit that finds it so."
}
func (preventDestroy) Lacks(in *Input) string { return in.noPrior() }

func (preventDestroy) Check(in *Input) []Finding {
	var out []Finding
	said := map[string]bool{} // by name: several directors hold the same
	for i := range in.Priors {
		prior := &in.Priors[i]
		if !marked(prior) {
			continue
		}
		kept := servicesOf(in.Fleet, prior.Director.Def.Name)
		for _, c := range prior.Clusters {
			for _, vs := range c.VirtualServers {
				lost := firstLost(vs.Def, kept)
				if lost == "" || said[vs.Def.Name] {
					continue
				}
				said[vs.Def.Name] = true
				out = append(out, found(clusterAt(in.Fleet, c.Name), fmt.Sprintf("virtual_server %q may not be removed", vs.Def.Name),
					"%s is gone from this commit, but the accepted one marks it prevent_destroy (%s). Put it back, or take the mark away in one commit and remove it in the next.",
					lost, vs.Place.Pos(vs.Def.At)))
			}
		}
	}
	return out
}

// servicesOf are the services that a director is to have.
func servicesOf(f *spec.Fleet, director string) map[spec.ServiceKey]bool {
	out := map[spec.ServiceKey]bool{}
	for _, c := range f.Clusters {
		if !c.Has(director) {
			continue
		}
		for _, vs := range c.VirtualServers {
			for k := range vs.Def.EachKey() {
				out[k] = true
			}
		}
	}
	return out
}

// clusterAt is where a cluster is declared; nowhere if it is not.
func clusterAt(f *spec.Fleet, name string) spec.Pos {
	for i := range f.Clusters {
		if c := &f.Clusters[i]; c.Name == name {
			return c.Place.Pos(c.At)
		}
	}
	return spec.Pos{}
}

// marked says whether anything in a view is to be kept: mostly nothing is, and then the services need not be listed.
func marked(v *spec.View) bool {
	for _, c := range v.Clusters {
		for _, vs := range c.VirtualServers {
			if vs.Def.PreventDestroy {
				return true
			}
		}
	}
	return false
}

func firstLost(vs *spec.VirtualServer, kept map[spec.ServiceKey]bool) string {
	if !vs.PreventDestroy {
		return ""
	}
	for k := range vs.EachKey() {
		if !kept[k] {
			return k.String()
		}
	}
	return ""
}
