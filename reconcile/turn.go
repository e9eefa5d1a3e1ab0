package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// TurnOf is why this director may not begin now; the zero objection is that it may. It is a lock without a keeper (Ricart and Agrawala,
// CACM 24(1), 1981): who wishes tells everybody, and goes on once everybody knows of the wish and nobody has the turn or an earlier
// claim. Two directors can therefore not begin together, however late their reports are.
func TurnOf(in GateInput) objection {
	if in.Turn.Taken && in.Turn.Commit == in.Commit {
		return objection{}
	}
	self := in.View.Director.Def.Name
	for _, name := range slices.Sorted(maps.Keys(in.Facts.Peers)) {
		p := in.Facts.Peers[name]
		if !p.Answers() {
			if o := silence(name, rolloutWith(in.View, name), p, in.Facts); o.why != "" {
				return o
			}
			continue
		}
		r := p.Report
		switch {
		case r.Turn.Taken:
			return objection{why: fmt.Sprintf("%s applies %s first", name, spec.ShortID(r.Turn.Commit))}
		case r.Turn.Commit != "" && before(r.Turn, name, in.Turn, self):
			return objection{why: fmt.Sprintf("%s applies %s first: %s", name, spec.ShortID(r.Turn.Commit), whyFirst(r.Turn, in.Turn))}
		case in.Turn.Commit != in.Commit || r.Heard[self] < in.Turn.Serial:
			return objection{why: fmt.Sprintf("%s has to hear first that %s wants to apply it", name, self)}
		}
	}
	return objection{}
}

// before says whether one wish goes before another: who is master of less, then the name.
func before(a spec.Turn, nameA string, b spec.Turn, nameB string) bool {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(nameA, nameB)) < 0
}

func whyFirst(a, b spec.Turn) string {
	if a.Rank < b.Rank {
		return "it is master of less"
	}
	return "its name comes first"
}

// rolloutWith is what the fleet says of waiting for a director: that of the first cluster that both are in.
func rolloutWith(v spec.View, name string) spec.Rollout {
	for i := range v.Clusters {
		if v.Clusters[i].Has(name) {
			return v.Clusters[i].Rollout
		}
	}
	return spec.Rollout{}
}

// Rank is how many instances a director is master of: the fewer, the earlier its turn.
func Rank(roles map[string]spec.Role) int {
	n := 0
	for _, r := range roles {
		if r == spec.RoleMaster {
			n++
		}
	}
	return n
}

// RenderingOf identifies what a view asks of the services and real servers of each cluster. It is the same on all directors of a
// cluster that make the same of a commit.
func RenderingOf(v spec.View) map[string]spec.Digest {
	out := make(map[string]spec.Digest, len(v.Clusters))
	for i := range v.Clusters {
		var s spec.State
		s.Services, s.Dests = serviceRows(v.Clusters[i].VirtualServers)
		out[v.Clusters[i].Name] = digest(steps(Diff(s, spec.State{})))
	}
	return out
}
