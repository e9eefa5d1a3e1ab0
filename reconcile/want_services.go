package reconcile

import (
	"slices"

	"github.com/lbsync/lbsync/spec"
)

type server = spec.Placed[spec.VirtualServer]

// placed are the virtual servers of a view.
func placed(v spec.View) []server {
	n := 0
	for i := range v.Clusters {
		n += len(v.Clusters[i].VirtualServers)
	}
	out := make([]server, 0, n)
	for i := range v.Clusters {
		out = append(out, v.Clusters[i].VirtualServers...)
	}
	return out
}

// declared is one service of a virtual_server block.
type declared struct {
	key spec.ServiceKey
	vs  *server
}

func declarations(servers []server) []declared {
	out := make([]declared, 0, len(servers))
	for i := range servers {
		for k := range servers[i].Def.EachKey() {
			out = append(out, declared{k, &servers[i]})
		}
	}
	return out
}

// serviceRows sorts the services, then the few real servers within each: sorting all real servers at once costs several times more.
func serviceRows(servers []server) (spec.Rows[spec.ServiceKey, spec.Service], spec.Rows[spec.DestKey, spec.Dest]) {
	services := declarations(servers)
	if byKey := func(a, b declared) int { return a.key.Compare(b.key) }; !slices.IsSortedFunc(services, byKey) {
		slices.SortStableFunc(services, byKey)
	}
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
			if !ordered(dests[from:]) {
				dests[from:].Sort()
			}
			from = len(dests)
		}
	}
	return rows, dests
}

// ordered says whether real servers of one service are in order, as they mostly are written. To find that out by sorting would copy
// each row several times.
func ordered(rows spec.Rows[spec.DestKey, spec.Dest]) bool {
	for i := 1; i < len(rows); i++ {
		if rows[i].Key.Addr.Compare(rows[i-1].Key.Addr) < 0 {
			return false
		}
	}
	return true
}
