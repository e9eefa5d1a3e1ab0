package policies

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// loneSyncGroup refuses a group of one: it moves nothing together, and people who expect the group's notifications instead of the
// instance's get a trap they only see at a failover.
type loneSyncGroup struct{}

func (loneSyncGroup) Name() string { return "lone-sync-group" }
func (loneSyncGroup) Meaning() string {
	return "A vrrp_sync_group has at least two instances."
}

func (loneSyncGroup) Check(in Input) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, c := range in.Fleet.Clusters {
		for _, g := range c.SyncGroups {
			if len(g.Instances) < 2 {
				out = append(out, deny(c.Place.Pos(g.At), fmt.Sprintf("vrrp_sync_group %q has %d instance", g.Name, len(g.Instances)),
					"Name the instances that must move together, or remove the group: an instance alone needs none."))
			}
		}
	}
	return out
}
