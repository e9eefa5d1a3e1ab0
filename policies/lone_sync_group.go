package policies

import (
	"fmt"
	"github.com/lbsync/lbsync/spec"
)

// loneSyncGroup refuses a group of one: it moves nothing together, and people who expect the group's notifications instead of the
// instance's get a trap they only see at a failover.
type loneSyncGroup struct{}

func (loneSyncGroup) Name() string      { return "lone-sync-group" }
func (loneSyncGroup) Level() spec.Level { return spec.Deny }
func (loneSyncGroup) Meaning() string {
	return "A vrrp_sync_group has at least two instances: one of one moves nothing together, and its notify is a trap that is only seen at a failover."
}

func (loneSyncGroup) Check(in *Input) []Finding {
	var out []Finding
	for _, c := range in.Fleet.Clusters {
		for _, g := range c.SyncGroups {
			if len(g.Instances) < 2 {
				out = append(out, found(c.Place.Pos(g.At), fmt.Sprintf("vrrp_sync_group %q has %d instance", g.Name, len(g.Instances)),
					"It moves nothing together. A group of one is mostly written for its notify, and there is the trap: people then expect the notify of the instance, or of the group, and one of the two never runs at the failover. "+
						"Remove the group and write notify in the vrrp_instance; or name all the instances that must move together."))
			}
		}
	}
	return out
}
