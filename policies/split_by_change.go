package policies

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// splitByChange advises on what directors with and without the commit cannot share. It is not refused: a fleet has to be able to change its
// version some day, and a director that missed that commit judges its change as part of a later one.
type splitByChange struct{}

func (splitByChange) Name() string      { return "split-by-change" }
func (splitByChange) Level() spec.Level { return spec.Advise }
func (splitByChange) Meaning() string {
	return "A commit changes nothing of a vrrp_instance that makes its directors deaf to each other while some have the commit and some have not: both would hold the addresses."
}
func (splitByChange) Lacks(in *Input) string { return in.noPrior() }

func (splitByChange) Check(in *Input) []Finding {
	var out []Finding
	before := acceptedInstances(in.Priors)
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, inst := range c.Instances {
			was, ok := before[inst.Def.Name]
			if !ok {
				continue
			}
			apart := unshared(was.instance, inst.Def)
			if now := instanceSegmentAt(directorNamed(in.Fleet, was.director), inst.Def); now != was.segment && c.Has(was.director) {
				apart = append(apart, "the segment of interface")
			}
			if len(apart) == 0 {
				continue
			}
			out = append(out, found(inst.Place.Pos(inst.Def.At), fmt.Sprintf("the directors of vrrp_instance %q are deaf to each other until all have this commit", inst.Def.Name),
				"It changes %s. A backup that has it does not take the advertisements of a master that has it not, and becomes master too: both hold the addresses, and a trial (confirm) that sees two masters takes the commit back. "+
					"Put it into a commit of its own, with confirm { timeout = \"0s\" } in the cluster; merge it when an interruption may be, and have all directors ask at once: systemctl kill -s HUP lbsync-agent.", strings.Join(apart, " and ")))
		}
	}
	return out
}

// heldInstance is an instance as a director accepted it.
type heldInstance struct {
	instance *spec.VRRPInstance
	director string
	segment  string // of the director's interface
}

// acceptedInstances are those that the first director of each accepted, by name.
func acceptedInstances(views []spec.View) map[string]heldInstance {
	out := map[string]heldInstance{}
	for _, v := range views {
		d := v.Director.Def
		for _, c := range v.Clusters {
			for _, i := range c.Instances {
				if _, known := out[i.Def.Name]; !known {
					out[i.Def.Name] = heldInstance{i.Def, d.Name, instanceSegmentAt(d, i.Def)}
				}
			}
		}
	}
	return out
}

func instanceSegmentAt(d *spec.Director, i *spec.VRRPInstance) string {
	if d == nil {
		return ""
	}
	port, _ := i.Interface.For(d.Name)
	return d.Segment(port)
}

// unshared are the settings that advertisements are dropped for, or not even reach the other director with.
func unshared(was, now *spec.VRRPInstance) []string {
	var out []string
	for _, s := range []struct {
		name    string
		differs bool
	}{
		{"virtual_router_id", was.VirtualRouterID != now.VirtualRouterID},
		{"the address family", was.Family != now.Family},
		{"version", was.Version != now.Version},
		{"advert_interval, which version 2 wants to be the same", was.Version == 2 && now.Version == 2 && was.AdvertInterval != now.AdvertInterval},
		{"authentication", was.AuthSecret != now.AuthSecret},
		{"unicast", was.Unicast != now.Unicast},
		{"group", !was.Unicast && !now.Unicast && was.Family == now.Family && was.Group != now.Group},
	} {
		if s.differs {
			out = append(out, s.name)
		}
	}
	return out
}
