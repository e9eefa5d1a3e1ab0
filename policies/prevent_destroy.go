package policies

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// preventDestroy keeps what carries lifecycle { prevent_destroy = true } in the last accepted commit: to remove it, one commit takes
// the mark away and a later one the block.
type preventDestroy struct{}

func (preventDestroy) Name() string { return "prevent-destroy" }
func (preventDestroy) Meaning() string {
	return "A virtual_server marked prevent_destroy is not removed by the commit that finds it so."
}

func (preventDestroy) Check(in Input) hcl.Diagnostics {
	if in.Prior == nil || !marked(in.Prior) {
		return nil
	}
	kept := map[spec.ServiceKey]bool{}
	for _, c := range in.Fleet.Clusters {
		if !c.Has(in.Prior.Director.Def.Name) {
			continue
		}
		for _, vs := range c.VirtualServers {
			for _, k := range vs.Def.Keys() {
				kept[k] = true
			}
		}
	}
	var out hcl.Diagnostics
	for _, c := range in.Prior.Clusters {
		for _, vs := range c.VirtualServers {
			if lost := firstLost(vs.Def, kept); lost != "" {
				out = append(out, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf("virtual_server %q may not be removed", vs.Def.Name),
					Detail: fmt.Sprintf("%s is gone from this commit, but the accepted one marks it prevent_destroy (%s). Put it back, or take the mark "+
						"away in one commit and remove it in the next.", lost, vs.Place.Pos(vs.Def.At))})
			}
		}
	}
	return out
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
	for _, k := range vs.Keys() {
		if !kept[k] {
			return k.String()
		}
	}
	return ""
}
