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
