package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// allWeightsZero advises on pools that take no new connection: the kernel drops them with no word.
type allWeightsZero struct{}

func (allWeightsZero) Name() string      { return "all-weights-zero" }
func (allWeightsZero) Level() spec.Level { return spec.Advise }
func (allWeightsZero) Meaning() string {
	return "A virtual_server should have a real server with a weight above 0."
}

func (allWeightsZero) Check(in *Input) []Finding {
	var out []Finding
	for _, c := range in.Fleet.Clusters {
		for _, vs := range c.VirtualServers {
			if n := len(vs.Def.RealServers); n > 0 && !usable(vs.Def) {
				out = append(out, found(vs.Place.Pos(vs.Def.At), fmt.Sprintf("virtual_server %q takes no new connection", vs.Def.Name),
					fmt.Sprintf("All %d real servers have weight 0. Give one a weight, or remove the virtual_server.", n)))
			}
		}
	}
	return out
}

func usable(vs *spec.VirtualServer) bool {
	for i := range vs.RealServers {
		if vs.RealServers[i].Dest.Weight > 0 {
			return true
		}
	}
	return false
}
