package reconcile

import "github.com/lbsync/lbsync/spec"

// risk is what the kernel does to open connections when a change is made. All edits of services and real servers are in place and
// keep them: scheduler, flags, persistence, weight, thresholds; a new forwarding method holds for new connections only
// (ip_vs_ctl.c, __ip_vs_update_dest).
func risk(c *spec.Change) spec.Risk {
	switch {
	case spec.IsVRRP(c.Key):
		return vrrpRisk(c)
	case c.Key.Kind() == spec.KindSyncDaemon && c.Action != spec.Add:
		return spec.RiskSyncGap // the kernel cannot edit a daemon: it is stopped, and started anew
	case c.Action == spec.Remove:
		return spec.RiskResets
	case drains(c):
		return spec.RiskDrains
	}
	return spec.RiskNone
}

// reason tells a change that the fleet asks for from one that repairs what was changed outside it. prior is the wanted state that was
// last applied; nil when nothing ever was.
func reason(c *spec.Change, prior *spec.State) spec.Reason {
	if prior == nil {
		if c.Action == spec.Add {
			return spec.ByCommit
		}
		return spec.ByAdopt
	}
	if was, _ := lookup(prior, c.Key); was != c.After {
		return spec.ByCommit
	}
	if d, ok := c.Key.(spec.DestKey); ok && c.Action == spec.Remove {
		if _, held := prior.Services.Find(d.Service); !held {
			return spec.ByAdopt // the commit takes over a service that was there, with its real servers
		}
	}
	return spec.ByDrift
}

// lookup is the value of an object and where it is declared; nil when the state does not have it.
func lookup(s *spec.State, k spec.Key) (spec.Value, spec.Pos) {
	switch k := k.(type) {
	case spec.ServiceKey:
		return find(s.Services, k)
	case spec.DestKey:
		return find(s.Dests, k)
	case spec.Role:
		return find(s.Daemons, k)
	case spec.TimeoutKey:
		return find(s.Timeouts, k)
	case spec.SysctlKey:
		return find(s.Sysctls, k)
	}
	return lookupVRRP(&s.VRRP, k)
}

func lookupVRRP(v *spec.VRRP, k spec.Key) (spec.Value, spec.Pos) {
	switch k := k.(type) {
	case spec.InstanceKey:
		return find(v.Instances, k)
	case spec.PeerKey:
		return find(v.Peers, k)
	case spec.AddressKey:
		return find(v.Addresses, k)
	case spec.RouteKey:
		return find(v.Routes, k)
	case spec.RuleKey:
		return find(v.Rules, k)
	case spec.TrackerKey:
		return find(v.Trackers, k)
	case spec.FollowSyncKey:
		return find(v.Follow, k)
	}
	panic("a state holds no " + string(k.Kind()))
}

func find[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V], k K) (spec.Value, spec.Pos) {
	row, ok := rows.Find(k)
	if !ok {
		return nil, spec.Pos{}
	}
	return row.Value, row.Pos
}
