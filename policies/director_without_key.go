package policies

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// directorWithoutKey advises against a cluster whose directors cannot all ask each other: none of them would wait for what it cannot
// ask. A fleet without any key is told once.
type directorWithoutKey struct{}

func (directorWithoutKey) Name() string      { return "director-without-key" }
func (directorWithoutKey) Level() spec.Level { return spec.Advise }
func (directorWithoutKey) Meaning() string {
	return "All directors of a cluster have an endpoint and a public_key, or there is no order across them."
}

func (directorWithoutKey) Check(in *Input) []Finding {
	bare := map[string]spec.Pos{}
	for _, d := range in.Fleet.Directors {
		if !d.Def.Reachable() {
			bare[d.Def.Name] = d.Place.Pos(d.Def.At)
		}
	}
	if len(bare) == len(in.Fleet.Directors) && len(in.Fleet.Clusters) > 0 {
		return []Finding{found(bare[in.Fleet.Directors[0].Def.Name], "No director has an endpoint and a public_key",
			"None can ask the others, so there is no order across directors, and each applies by itself. Make the keys with lbsync keygen.")}
	}
	var out []Finding
	for _, c := range in.Fleet.Clusters {
		var without []string
		for _, name := range c.Directors {
			if _, ok := bare[name]; ok {
				without = append(without, name)
			}
		}
		if len(without) > 0 {
			out = append(out, found(bare[without[0]], "Director without a key",
				fmt.Sprintf("Order across directors does not work for cluster %q: the others cannot ask %s. Write endpoint and public_key (lbsync keygen).", c.Name, strings.Join(without, ", "))))
		}
	}
	return out
}
