package reconcile

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// cold is why an instance may not take its role from a living master yet; "" when it may. A director that comes back knows none of the
// connections that were opened meanwhile, and would end them by taking over. Only the death of the master makes it master before.
func cold(c *spec.Cluster, i spec.InstanceKey, self string, f spec.Facts) string {
	if c.Sync == nil || f.Roles[i.String()] == spec.RoleMaster {
		return ""
	}
	for _, name := range c.Directors {
		p, exchanged := f.Peers[name]
		switch {
		case name == self || !exchanged:
		case p.Report == nil && p.Silent.IsZero():
			return fmt.Sprintf("%s has not been asked yet whether it is master", name)
		case !p.Answers() || p.Report.Roles[i.String()] != spec.RoleMaster:
		case !p.Report.Coverage[self].Warm(f.Receiver):
			return fmt.Sprintf("%s is master, and its connections are not all known here yet", name)
		default:
			if few := short(c.Sync, p.Report.Coverage[self]); few != "" {
				return fmt.Sprintf("%s is master, and this director knows %s; lbsync sync now, run there, sends them again", name, few)
			}
		}
	}
	return ""
}

// short is how much a backup holds, where that is less than the fleet asks for. A backup that could not be compared is not short: it
// would be so for good.
func short(s *spec.ConnectionSync, c spec.Coverage) string {
	if c.Uncompared != "" || c.Percent() >= s.Coverage {
		return ""
	}
	return fmt.Sprintf("%.2f %% of its %d connections, less than the %g %% of connection_sync", c.Percent(), c.Total, s.Coverage)
}

// Uncovered is why the role of master should not be given away now, after a full resync of which this came; "" when it may: every backup
// that was asked holds what the fleet asks for, and one was, if any can be.
func Uncovered(c *spec.Cluster, self string, f spec.Facts, covered map[string]spec.Coverage) string {
	if c == nil || c.Sync == nil || c.Sync.Coverage == 0 {
		return ""
	}
	asked, unknown := false, ""
	for _, name := range c.Directors {
		p, exchanged := f.Peers[name]
		if name == self || !exchanged {
			continue
		}
		got, was := covered[name]
		switch few := short(c.Sync, got); {
		case !was && p.Answers():
			unknown = fmt.Sprintf("nothing was sent to %s: no sync daemon of a master runs here, or none of a backup there", name)
		case !was:
			unknown = fmt.Sprintf("what %s holds is not known: it does not answer (%s)", name, p.Why)
		case got.Uncompared != "":
			return fmt.Sprintf("what %s holds is not known: %s", name, got.Uncompared)
		case few != "":
			return fmt.Sprintf("%s holds %s", name, few)
		default:
			asked = true
		}
	}
	if asked {
		return ""
	}
	return unknown
}

// Owed are the directors to which this one, as a master, has not sent all its connections since they began to listen.
func Owed(v spec.View, f spec.Facts, covered map[string]spec.Coverage) []string {
	var out []string
	for i := range v.Clusters {
		c := &v.Clusters[i]
		if c.Sync == nil || !masterOf(c, f) {
			continue
		}
		for _, name := range c.Directors {
			p, exchanged := f.Peers[name]
			if exchanged && p.Answers() && p.Report.Receiver != "" && !covered[name].Warm(p.Report.Receiver) && hears(p.Report, f) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func masterOf(c *spec.Cluster, f spec.Facts) bool {
	return slices.ContainsFunc(c.Instances, func(i spec.Placed[spec.VRRPInstance]) bool { return f.Roles[i.Def.Name] == spec.RoleMaster })
}

// hears says whether the backup daemon of another director accepts what the master daemon of this one sends.
func hears(r *spec.PeerReport, f spec.Facts) bool {
	from, sends := f.Daemons.Find(spec.RoleMaster)
	to, receives := r.Daemons.Find(spec.RoleBackup)
	return sends && receives && from.Value.Group == to.Value.Group && from.Value.Port == to.Value.Port &&
		(to.Value.SyncID == 0 || to.Value.SyncID == from.Value.SyncID)
}

// everyPacket is the sync_threshold with which each connection is sent with its next packet (ip_vs_sync.c, ip_vs_sync_conn_needed).
const everyPacket = "0 1"

// boost has a master tell of each connection as soon as it has a packet, while a backup lacks some that no full resync could send.
func boost(sysctls spec.Rows[spec.SysctlKey, spec.Setting]) {
	for i := range sysctls {
		if r := &sysctls[i]; r.Key == spec.SyncThreshold {
			r.Value = everyPacket
		}
	}
}

// masters says whether a director is master of something that is synchronised.
func masters(v spec.View, f spec.Facts) bool {
	return slices.ContainsFunc(v.Clusters, func(c spec.Cluster) bool { return c.Sync != nil && masterOf(&c, f) })
}
