package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// emptyDirector advises on a director that is in no cluster: mostly it was forgotten in one.
type emptyDirector struct{}

func (emptyDirector) Name() string      { return "empty-director" }
func (emptyDirector) Level() spec.Level { return spec.Advise }
func (emptyDirector) Meaning() string {
	return "A director is in a cluster, or it holds nothing."
}

func (emptyDirector) Check(in *Input) []Finding {
	var out []Finding
	for _, d := range strays(in.Fleet) {
		out = append(out, found(d.Place.Pos(d.Def.At), fmt.Sprintf("director %q is in no cluster: it will hold nothing", d.Def.Name), "Name it in the directors of a cluster."))
	}
	return out
}

// strays are the directors that are in no cluster.
func strays(f *spec.Fleet) []spec.Placed[spec.Director] {
	member := map[string]bool{}
	for _, c := range f.Clusters {
		for _, name := range c.Directors {
			member[name] = true
		}
	}
	var out []spec.Placed[spec.Director]
	for _, d := range f.Directors {
		if !member[d.Def.Name] {
			out = append(out, d)
		}
	}
	return out
}
