package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// lostDirector keeps a director that dropped out of its last cluster, in a merge or by a misspelt name, from removing all it holds.
type lostDirector struct{}

func (lostDirector) Name() string      { return "lost-director" }
func (lostDirector) Level() spec.Level { return spec.Overridable }
func (lostDirector) Meaning() string {
	return "A director that holds services or sync daemons is not left without a cluster: all of them would be removed at once."
}
func (lostDirector) Lacks(in *Input) string { return in.noPrior() }

func (lostDirector) Check(in *Input) []Finding {
	holding := map[string]bool{}
	for i := range in.Priors {
		if holds(&in.Priors[i]) {
			holding[in.Priors[i].Director.Def.Name] = true
		}
	}
	var out []Finding
	for _, d := range strays(in.Fleet) {
		if holding[d.Def.Name] {
			out = append(out, found(d.Place.Pos(d.Def.At), fmt.Sprintf("director %q may not lose all it holds", d.Def.Name),
				"It is in no cluster any more, so all of its services and sync daemons would be removed at once. Name it in the directors of a cluster. To retire it, "+
					"stop lbsync on it first: what its kernel holds stays until ipvsadm --clear."))
		}
	}
	return out
}

// holds says whether a view gives its director something to lose.
func holds(v *spec.View) bool {
	for _, c := range v.Clusters {
		if len(c.VirtualServers) > 0 || c.Sync != nil {
			return true
		}
	}
	return false
}
