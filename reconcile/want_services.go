package reconcile

import (
	"net/netip"
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

// declared is one service of a virtual_server block, or a private one of its real path checks.
type declared struct {
	key spec.ServiceKey
	vs  *server
	to  *spec.RealServer // of a private service; nil: it has all real servers of the block
}

// private is how the service of a path is. One packet scheduling is for UDP only, and keeps it from leaving a connection for each probe
// that lasts five minutes, with which a later probe from the same port would go the way of this one (ip_vs_core.c, ip_vs_schedule).
var private = spec.Service{Scheduler: "rr", Flags: spec.OnePacket}

// alone is the real server of a private service: whatever becomes of its weight elsewhere, its checks go on.
func alone(k spec.ServiceKey, r *spec.RealServer) spec.Row[spec.DestKey, spec.Dest] {
	return spec.Row[spec.DestKey, spec.Dest]{
		Key:   spec.DestKey{Service: k, Addr: netip.AddrPortFrom(r.Addr.Addr(), 0)},
		Value: spec.Dest{Weight: 1, Forward: r.Dest.Forward, Tunnel: r.Dest.Tunnel},
	}
}

func declarations(servers []server) []declared {
	out := make([]declared, 0, len(servers))
	for i := range servers {
		for k := range servers[i].Def.EachKey() {
			out = append(out, declared{key: k, vs: &servers[i]})
		}
		for p, r := range servers[i].Def.EachPath() {
			out = append(out, declared{p.Key, &servers[i], r})
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
		n += services[i].size()
	}
	rows := make(spec.Rows[spec.ServiceKey, spec.Service], 0, len(services))
	dests := make(spec.Rows[spec.DestKey, spec.Dest], 0, n)
	from := 0
	for i, d := range services {
		rows = append(rows, d.row())
		dests = d.appendDests(dests)
		if i+1 == len(services) || services[i+1].key != d.key {
			if !ordered(dests[from:]) {
				dests[from:].Sort()
			}
			from = len(dests)
		}
	}
	return rows, dests
}

func (d *declared) size() int {
	if d.to != nil {
		return 1
	}
	return len(d.vs.Def.RealServers)
}

func (d *declared) row() spec.Row[spec.ServiceKey, spec.Service] {
	if d.to != nil {
		return spec.Row[spec.ServiceKey, spec.Service]{Key: d.key, Value: private, Pos: d.vs.Place.Pos(d.to.At)}
	}
	return spec.Row[spec.ServiceKey, spec.Service]{Key: d.key, Value: d.vs.Def.Service, Pos: d.vs.Place.Pos(d.vs.Def.At)}
}

func (d *declared) appendDests(rows spec.Rows[spec.DestKey, spec.Dest]) spec.Rows[spec.DestKey, spec.Dest] {
	if d.to != nil {
		row := alone(d.key, d.to)
		row.Pos = d.vs.Place.Pos(d.to.At)
		return append(rows, row)
	}
	for i := range d.vs.Def.RealServers {
		r := &d.vs.Def.RealServers[i]
		rows = append(rows, spec.Row[spec.DestKey, spec.Dest]{Key: r.Key(d.key), Value: r.Dest, Pos: d.vs.Place.Pos(r.At)})
	}
	return rows
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
