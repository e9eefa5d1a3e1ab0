package policies

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// ignoredByOwner advises on settings that an owner does not obey, and that somebody may rely on.
type ignoredByOwner struct{}

func (ignoredByOwner) Name() string      { return "ignored-by-owner" }
func (ignoredByOwner) Level() spec.Level { return spec.Advise }
func (ignoredByOwner) Meaning() string {
	return "An owner (priority 255) preempts always and at once, and no tracker lowers it (RFC 9568, section 6.1): preempt, preempt_delay and weights do nothing there."
}

func (ignoredByOwner) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, inst := range c.Instances {
			owners, ignored := ownersOf(c, inst.Def), ignored(inst.Def)
			if len(owners) > 0 && len(ignored) > 0 {
				out = append(out, found(inst.Place.Pos(inst.Def.At), fmt.Sprintf("%s does not obey %s", owners[0], strings.Join(ignored, " and ")),
					"With priority 255 it owns the addresses of vrrp_instance %q: it takes over whenever it comes back, and at once, and keeps that priority whatever a tracker says. "+
						"Write 254 or less for it; or, if it does own them, remove what it does not obey.", inst.Def.Name))
			}
		}
	}
	return out
}

// ignored are the settings of an instance that its owner does not obey.
func ignored(i *spec.VRRPInstance) []string {
	var out []string
	if !i.Preempt {
		out = append(out, "preempt = false")
	}
	if i.PreemptDelay > 0 {
		out = append(out, fmt.Sprintf("preempt_delay = %q", i.PreemptDelay.String()))
	}
	for _, t := range i.Track {
		if t.Weight != 0 {
			out = append(out, fmt.Sprintf("the weight of track_%s %q", t.Kind, t.Name))
		}
	}
	return out
}
