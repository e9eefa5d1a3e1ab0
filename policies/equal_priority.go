package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// equalPriority advises against elections that only addresses decide (RFC 9568, 6.4.3): they work, but nobody reads from the
// configuration who wins.
type equalPriority struct{}

func (equalPriority) Name() string      { return "equal-priority" }
func (equalPriority) Level() spec.Level { return spec.Advise }
func (equalPriority) Meaning() string {
	return "Directors of one vrrp_instance should have different priorities."
}

func (equalPriority) Check(in *Input) []Finding {
	var out []Finding
	for _, c := range in.Fleet.Clusters {
		for _, inst := range c.Instances {
			if a, b, p := samePriority(&c, inst.Def); a != "" {
				out = append(out, found(inst.Place.Pos(inst.Def.At), fmt.Sprintf("%s and %s share priority %d", a, b, p),
					"The higher primary address would win the election. Give each director its own: priority = { "+a+" = …, "+b+" = … }."))
			}
		}
	}
	return out
}

func samePriority(c *spec.Cluster, inst *spec.VRRPInstance) (a, b string, p uint8) {
	first := map[uint8]string{}
	for _, name := range c.Directors {
		p, ok := inst.Priority.For(name)
		if !ok {
			continue
		}
		if first[p] != "" {
			return first[p], name, p
		}
		first[p] = name
	}
	return "", "", 0
}
