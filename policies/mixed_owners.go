package policies

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// mixedOwners refuses a group whose members are to move together while some cannot: an owner keeps its addresses on its interface also when
// the group has left, and another director takes them.
type mixedOwners struct{}

func (mixedOwners) Name() string      { return "mixed-owners" }
func (mixedOwners) Level() spec.Level { return spec.Deny }
func (mixedOwners) Meaning() string {
	return "In a vrrp_sync_group a director owns (priority 255) the addresses of all instances or of none: owned addresses stay when the group moves."
}

func (mixedOwners) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, g := range groupsOf(c) {
			for _, name := range c.Directors {
				owned, not := g.split(func(i *spec.VRRPInstance) bool { return owns(i, name) })
				if len(owned) == 0 || len(not) == 0 {
					continue
				}
				out = append(out, found(c.Place.Pos(g.At), fmt.Sprintf("%s owns a part of vrrp_sync_group %q", name, g.Name),
					"It has priority 255 in %s, and not in %s. When one of those fails there the whole group leaves, and another director takes all addresses, while those that %s owns stay on its interface: two hosts answer for them. "+
						"Write a priority below 255 for %s in %s, or take the instance out of the group.", quoted(owned), quoted(not), name, name, quoted(owned)))
				break
			}
		}
	}
	return out
}

// syncGroup is a group with its instances.
type syncGroup struct {
	*spec.VRRPSyncGroup
	members []spec.Placed[spec.VRRPInstance]
}

// groupsOf are the groups of a cluster, in the order in which they stand.
func groupsOf(c *spec.Cluster) []syncGroup {
	if len(c.SyncGroups) == 0 {
		return nil
	}
	by := make(map[string]spec.Placed[spec.VRRPInstance], len(c.Instances))
	for _, i := range c.Instances {
		by[i.Def.Name] = i
	}
	var out []syncGroup
	for n := range c.SyncGroups {
		g := syncGroup{VRRPSyncGroup: &c.SyncGroups[n]}
		for _, name := range g.Instances {
			if i, ok := by[name]; ok {
				g.members = append(g.members, i)
			}
		}
		out = append(out, g)
	}
	return out
}

// split are the names of the members for which something holds, and those of the others.
func (g syncGroup) split(holds func(*spec.VRRPInstance) bool) (yes, no []string) {
	for _, m := range g.members {
		if holds(m.Def) {
			yes = append(yes, m.Def.Name)
		} else {
			no = append(no, m.Def.Name)
		}
	}
	return yes, no
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
