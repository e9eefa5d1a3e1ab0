package reconcile

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Want is what one director's kernel and engine should hold, and what has to stay as it is for now. Real servers
// are as they are declared, but for what overrides, checks and drains ask for.
func Want(v spec.View, f spec.Facts) (spec.State, []spec.Hold) {
	s, holds := wantBeside(v, f)
	s.Services, s.Dests = serviceRows(placed(v))
	s, holds = settle(s, holds)
	weigh(&s, f)
	return s, holds
}

// wantBeside is all that is wanted beside services and real servers, still to be settled.
func wantBeside(v spec.View, f spec.Facts) (spec.State, []spec.Hold) {
	var s spec.State
	addSysctls(&s.Sysctls, v.Director.Def.Sysctls, v.Director.Place)
	daemons, vrrp := daemons{clusters: v.Clusters, director: v.Director.Def.Name, facts: f}, vrrp{view: &v, facts: f}
	for i := range v.Clusters {
		c := &v.Clusters[i]
		for _, t := range c.Timeouts {
			s.Timeouts = append(s.Timeouts, spec.Row[spec.TimeoutKey, spec.Seconds]{
				Key: t.Key, Value: spec.Seconds(t.Value / time.Second), Pos: c.Place.Pos(t.At)})
		}
		if c.Sync != nil {
			addSysctls(&s.Sysctls, written(c.Sync.Sysctls, v.Director.Def), c.Place)
			daemons.add(c)
		}
		vrrp.add(c)
	}
	addAcceptLocal(&s.Sysctls, v)
	if f.Boost && masters(v, f) {
		boost(s.Sysctls)
	}
	s.Daemons, s.VRRP = daemons.rows, vrrp.rows
	return s, append(daemons.holds, vrrp.holds...)
}

// addAcceptLocal has the answers to real path checks taken in on a director that has the virtual address itself, unless it is told
// otherwise. IPv6 asks for nothing of the kind.
func addAcceptLocal(rows *spec.Rows[spec.SysctlKey, spec.Setting], v spec.View) {
	if holds(v.Director.Def.Sysctls, spec.AcceptLocal) {
		return
	}
	for i := range v.Clusters {
		for _, s := range v.Clusters[i].VirtualServers {
			for p := range s.Def.EachPath() {
				if p.Key.Family == spec.IPv4 {
					*rows = append(*rows, spec.Row[spec.SysctlKey, spec.Setting]{Key: spec.AcceptLocal, Value: "1", Pos: s.Place.Pos(s.Def.At)})
					return
				}
				break // all of a block are of one family
			}
		}
	}
}

// written leaves out what is a default and what the director itself is told otherwise.
func written(sysctls []spec.Sysctl, d *spec.Director) []spec.Sysctl {
	var out []spec.Sysctl
	for _, c := range sysctls {
		if !c.Usual || !holds(d.Sysctls, c.Key) {
			out = append(out, c)
		}
	}
	return out
}

func addSysctls(rows *spec.Rows[spec.SysctlKey, spec.Setting], sysctls []spec.Sysctl, at spec.Place) {
	for _, c := range sysctls {
		*rows = append(*rows, spec.Row[spec.SysctlKey, spec.Setting]{Key: c.Key, Value: c.Value, Pos: at.Pos(c.At)})
	}
}
