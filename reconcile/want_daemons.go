package reconcile

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// daemons gathers the sync daemons of one director.
type daemons struct {
	clusters []spec.Cluster
	director string
	facts    spec.Facts
	rows     spec.Rows[spec.Role, spec.Daemon]
	holds    []spec.Hold
}

func (d *daemons) add(c *spec.Cluster) {
	daemon, ok := c.Sync.Daemon(d.director)
	if !ok {
		d.hold(fmt.Sprintf("connection_sync of cluster %q gives no interface or no syncid for %q", c.Name, d.director))
		return
	}
	b := bridgeOf(d.clusters, d.director, daemon, d.facts)
	for _, r := range d.roles(c.Sync) {
		value, why := daemon, ""
		if value.SyncID, why = b.syncID(r); why != "" {
			d.holds = append(d.holds, spec.Hold{Key: r, Field: "syncid", Why: why})
		}
		d.rows = append(d.rows, spec.Row[spec.Role, spec.Daemon]{Key: r, Value: value, Pos: c.Place.Pos(c.Sync.At)})
	}
}

// roles are the daemons to run. While nobody knows the role of the instance that is followed, both are left as they are: a daemon
// stopped or started by a guess loses connections.
func (d *daemons) roles(s *spec.ConnectionSync) []spec.Role {
	if s.Mode == spec.SyncBoth {
		return []spec.Role{spec.RoleMaster, spec.RoleBackup}
	}
	if r := d.facts.Roles[s.Follow]; r != spec.RoleUnknown {
		return []spec.Role{r}
	}
	d.hold(fmt.Sprintf("it follows vrrp_instance %q, whose role is not known yet", s.Follow))
	return nil
}

func (d *daemons) hold(why string) {
	d.holds = append(d.holds, spec.Hold{Key: spec.RoleMaster, Why: why}, spec.Hold{Key: spec.RoleBackup, Why: why})
}
