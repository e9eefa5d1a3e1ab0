package reconcile

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// daemons gathers the sync daemons of one director.
type daemons struct {
	director string
	facts    spec.Facts
	rows     spec.Rows[spec.Role, spec.Daemon]
	holds    []spec.Hold
}

func (d *daemons) add(c *spec.Cluster) {
	daemon, ok := c.Sync.Daemon(d.director)
	if !ok {
		panic(fmt.Sprintf("cluster %s: no sync daemon is described for its director %s", c.Name, d.director))
	}
	for _, r := range d.roles(c) {
		d.rows = append(d.rows, spec.Row[spec.Role, spec.Daemon]{Key: r, Value: daemon, Pos: c.Place.Pos(c.Sync.At)})
	}
}

// roles are the daemons to run. While nobody knows the role of the instance that is followed, both are left as they are: a daemon
// stopped or started by a guess loses connections.
func (d *daemons) roles(c *spec.Cluster) []spec.Role {
	if c.Sync.Mode == spec.SyncBoth {
		return []spec.Role{spec.RoleMaster, spec.RoleBackup}
	}
	if r := d.facts.Roles[c.Sync.Follow]; r != spec.RoleUnknown {
		return []spec.Role{r}
	}
	why := fmt.Sprintf("it follows vrrp_instance %q, whose role is not known yet", c.Sync.Follow)
	d.holds = append(d.holds, spec.Hold{Key: spec.RoleMaster, Why: why}, spec.Hold{Key: spec.RoleBackup, Why: why})
	return nil
}
