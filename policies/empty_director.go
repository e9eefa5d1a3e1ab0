package policies

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// emptyDirector keeps a director that dropped out of its last cluster, in a merge or by a misspelt name, from removing all it holds.
type emptyDirector struct{}

func (emptyDirector) Name() string { return "empty-director" }
func (emptyDirector) Meaning() string {
	return "A director that holds services or sync daemons is not left without a cluster; one that never was in any is worth a warning."
}

func (emptyDirector) Check(in Input) hcl.Diagnostics {
	member := map[string]bool{}
	for _, c := range in.Fleet.Clusters {
		for _, name := range c.Directors {
			member[name] = true
		}
	}
	var out hcl.Diagnostics
	for _, d := range in.Fleet.Directors {
		name, at := d.Def.Name, d.Place.Pos(d.Def.At)
		switch {
		case member[name]:
		case holds(in.Prior, name):
			out = append(out, deny(at, fmt.Sprintf("director %q may not lose all it holds", name),
				"It is in no cluster any more, so all of its services and sync daemons would be removed at once. Name it in the directors of a cluster. To retire it, "+
					"stop lbsync on it first: what its kernel holds stays until ipvsadm --clear."))
		default:
			out = append(out, advise(at, fmt.Sprintf("director %q is in no cluster: it will hold nothing", name), "Name it in the directors of a cluster."))
		}
	}
	return out
}

// holds says whether the accepted view gives that director something to lose.
func holds(prior *spec.View, name string) bool {
	if prior == nil || prior.Director.Def.Name != name {
		return false
	}
	for _, c := range prior.Clusters {
		if len(c.VirtualServers) > 0 || c.Sync != nil {
			return true
		}
	}
	return false
}
