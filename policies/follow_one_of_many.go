package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// followOneOfMany advises on sync daemons that follow one instance where others move by themselves: what an instance serves on a director that
// is not master of the followed one is sent by nobody.
type followOneOfMany struct{}

func (followOneOfMany) Name() string      { return "follow-one-of-many" }
func (followOneOfMany) Level() spec.Level { return spec.Advise }
func (followOneOfMany) Meaning() string {
	return "With connection_sync of mode \"follow\" all instances of the cluster move with the followed one, in its vrrp_sync_group: of one that is elsewhere no connection is sent."
}

func (followOneOfMany) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		if c.Sync == nil || c.Sync.Mode != spec.SyncFollow {
			continue
		}
		with := companions(c, c.Sync.Follow)
		for _, inst := range c.Instances {
			if with[inst.Def.Name] {
				continue
			}
			out = append(out, found(c.Place.Pos(c.Sync.At), fmt.Sprintf("connections of vrrp_instance %q may be sent by nobody", inst.Def.Name),
				"Only the master of vrrp_instance %q sends. Where another director is master of %q, that one receives and sends nothing: all connections of %q end at its failover. "+
					"Write mode = \"both\" without follow: then every director sends what it has; or a vrrp_sync_group with the two.", c.Sync.Follow, inst.Def.Name, inst.Def.Name))
			break
		}
	}
	return out
}

// companions are the instances that are always where one is: itself, and those of its group.
func companions(c *spec.Cluster, instance string) map[string]bool {
	out := map[string]bool{instance: true}
	for _, g := range groupsOf(c) {
		with, others := g.split(func(i *spec.VRRPInstance) bool { return i.Name == instance })
		if len(with) == 0 {
			continue
		}
		for _, name := range others {
			out[name] = true
		}
	}
	return out
}
