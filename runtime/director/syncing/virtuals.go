package syncing

import (
	"net/netip"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/spec"
)

// virtuals know of a connection what its line does not say.
type virtuals struct {
	services map[spec.ServiceKey]spec.Service
	marks    map[netip.AddrPort]uint32 // by real server, of firewall-mark services; 0 where several have it
}

func newVirtuals(s spec.State) virtuals {
	v := virtuals{services: map[spec.ServiceKey]spec.Service{}, marks: map[netip.AddrPort]uint32{}}
	for _, r := range s.Services {
		v.services[r.Key] = r.Value
	}
	for _, r := range s.Dests {
		mark := r.Key.Service.FWMark
		if mark == 0 || r.Key.Service.Private() {
			continue // no client's connection has the mark of a check
		}
		if other, ok := v.marks[r.Key.Addr]; ok && other != mark {
			mark = 0
		}
		v.marks[r.Key.Addr] = mark
	}
	return v
}

// complete sets the mark and the timeout.
//
// A backup looks for the service, and so for how to forward, by mark or address (ip_vs_ctl.c, ip_vs_find_dest). Of a connection that no
// service by address would have, the mark is that of the one firewall-mark service which has its real server; where several do, none is
// given, and the backup keeps the connection without its real server.
//
// The timeout of a connection is 0: the backup takes that of the state from its own table, as after a packet. What the connection has
// left would be too short: the backup sees none of the packets that prolong it at the master. A template keeps the timeout that it is
// sent with for good, so it gets that of its service (ip_vs_core.c, ip_vs_sched_persist).
func (v virtuals) complete(c *connsync.Conn) {
	service, byAddr := v.byAddr(c)
	if c.Mark == 0 && !byAddr {
		c.Mark = v.mark(c)
	}
	if !c.Template() {
		c.Timeout = 0
		return
	}
	if c.Mark != 0 {
		service = v.services[spec.MarkService(c.Mark, spec.FamilyOf(c.Client.Addr()))]
	}
	if service.Persistence > 0 {
		c.Timeout = service.Persistence
	}
	c.Timeout = max(c.Timeout, 1) // 0 would be three minutes
}

// byAddr finds the service as the kernel does: with its port, then for all ports.
func (v virtuals) byAddr(c *connsync.Conn) (spec.Service, bool) {
	proto := spec.Proto(c.Proto)
	s, ok := v.services[spec.AddrService(proto, c.Virtual)]
	if !ok {
		s, ok = v.services[spec.AddrService(proto, netip.AddrPortFrom(c.Virtual.Addr(), 0))]
	}
	return s, ok
}

// mark looks for the real server with its port, then for one of all ports.
func (v virtuals) mark(c *connsync.Conn) uint32 {
	if m, ok := v.marks[c.Real]; ok {
		return m
	}
	return v.marks[netip.AddrPortFrom(c.Real.Addr(), 0)]
}
