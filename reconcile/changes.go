package reconcile

import "github.com/lbsync/lbsync/spec"

// Changes is what a commit changes on the directors that held something before: what it wants against what was wanted, not what is
// live. A director that the fleet does not declare any more is left out, as it refuses such a commit.
func Changes(before []spec.View, fleet *spec.Fleet) map[string][]spec.Change {
	out := make(map[string][]spec.Change, len(before))
	for _, was := range before {
		name := was.Director.Def.Name
		if is, ok := fleet.Director(name); ok {
			out[name] = changed(was, is)
		}
	}
	return out
}

// changed compares two views as if the director held all of the first. A sync daemon that follows an instance runs as that of the
// master, so that its settings are compared.
func changed(was, is spec.View) []spec.Change {
	f := spec.Facts{Roles: map[string]spec.Role{}}
	for _, v := range []spec.View{was, is} {
		for _, c := range v.Clusters {
			if c.Sync != nil && c.Sync.Follow != "" {
				f.Roles[c.Sync.Follow] = spec.RoleMaster
			}
		}
	}
	held, _ := Want(was, f)
	want, _ := Want(is, f)
	p := NewPlan(PlanInput{Director: is.Director.Def.Name, Want: want, Prior: &held, Live: held, Owned: Owned{}.Claim(held)})
	var out []spec.Change
	for _, s := range p.Steps {
		out = append(out, s.Changes...)
	}
	return out
}
