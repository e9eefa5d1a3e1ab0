package reconcile

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Want is what one director's kernel and engine should hold, and what has to stay as it is for now. Weights are those configured.
func Want(v spec.View, f spec.Facts) (spec.State, []spec.Hold) {
	var s spec.State
	addSysctls(&s.Sysctls, v.Director.Def.Sysctls, v.Director.Place)
	var services []declared
	daemons, vrrp := daemons{director: v.Director.Def.Name, facts: f}, vrrp{view: &v}
	for i := range v.Clusters {
		c := &v.Clusters[i]
		for _, t := range c.Timeouts {
			s.Timeouts = append(s.Timeouts, spec.Row[spec.TimeoutKey, spec.Seconds]{
				Key: t.Key, Value: spec.Seconds(t.Value / time.Second), Pos: c.Place.Pos(t.At)})
		}
		if c.Sync != nil {
			addSysctls(&s.Sysctls, c.Sync.Sysctls, c.Place)
			daemons.add(c)
		}
		services = appendDeclared(services, c)
		vrrp.add(c)
	}
	s.Daemons, s.VRRP = daemons.rows, vrrp.rows
	s.Services, s.Dests = serviceRows(services)
	return settle(s, append(daemons.holds, vrrp.holds...))
}

func addSysctls(rows *spec.Rows[spec.SysctlKey, spec.Setting], sysctls []spec.Sysctl, at spec.Place) {
	for _, c := range sysctls {
		*rows = append(*rows, spec.Row[spec.SysctlKey, spec.Setting]{Key: c.Key, Value: c.Value, Pos: at.Pos(c.At)})
	}
}

// declared is one service of a virtual_server block.
type declared struct {
	key spec.ServiceKey
	vs  spec.Placed[spec.VirtualServer]
}

func appendDeclared(out []declared, c *spec.Cluster) []declared {
	for _, vs := range c.VirtualServers {
		for _, k := range vs.Def.Keys() {
			out = append(out, declared{k, vs})
		}
	}
	return out
}

// serviceRows sorts the services, then the few real servers within each: sorting all real servers at once costs several times more.
func serviceRows(services []declared) (spec.Rows[spec.ServiceKey, spec.Service], spec.Rows[spec.DestKey, spec.Dest]) {
	slices.SortStableFunc(services, func(a, b declared) int { return a.key.Compare(b.key) })
	n := 0
	for i := range services {
		n += len(services[i].vs.Def.RealServers)
	}
	rows := make(spec.Rows[spec.ServiceKey, spec.Service], 0, len(services))
	dests := make(spec.Rows[spec.DestKey, spec.Dest], 0, n)
	from := 0
	for i, d := range services {
		rows = append(rows, spec.Row[spec.ServiceKey, spec.Service]{Key: d.key, Value: d.vs.Def.Service, Pos: d.vs.Place.Pos(d.vs.Def.At)})
		for j := range d.vs.Def.RealServers {
			rs := &d.vs.Def.RealServers[j]
			dests = append(dests, spec.Row[spec.DestKey, spec.Dest]{Key: rs.Key(d.key), Value: rs.Dest, Pos: d.vs.Place.Pos(rs.At)})
		}
		if i+1 == len(services) || services[i+1].key != d.key {
			dests[from:].Sort()
			from = len(dests)
		}
	}
	return rows, dests
}
