package kerneltest

import (
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

func tcp(s string) spec.ServiceKey { return spec.AddrService(spec.TCP, netip.MustParseAddrPort(s)) }
func udp(s string) spec.ServiceKey { return spec.AddrService(spec.UDP, netip.MustParseAddrPort(s)) }

func dest(k spec.ServiceKey, s string) spec.DestKey {
	return spec.DestKey{Service: k, Addr: netip.MustParseAddrPort(s)}
}

// state gives every service two real servers of its own family.
func state(services map[spec.ServiceKey]spec.Service) spec.State {
	var st spec.State
	for k, v := range services {
		st.Services = append(st.Services, spec.Row[spec.ServiceKey, spec.Service]{Key: k, Value: v})
		for i, a := range []string{"192.0.2.21", "192.0.2.22"} {
			if k.Family == spec.IPv6 {
				a = []string{"2001:db8::21", "2001:db8::22"}[i]
			}
			key := spec.DestKey{Service: k, Addr: netip.AddrPortFrom(netip.MustParseAddr(a), max(k.Addr.Port(), 80))}
			st.Dests = append(st.Dests, spec.Row[spec.DestKey, spec.Dest]{Key: key, Value: spec.Dest{Weight: int32(i + 1), Forward: spec.NAT}})
		}
	}
	st.Services.Sort()
	st.Dests.Sort()
	return st
}

func schedulersPart(r *rig) {
	flags := map[string][]spec.ServiceFlags{
		"sh": {0, spec.SchedFlag1, spec.SchedFlag2, spec.SchedFlag1 | spec.SchedFlag2},
		"mh": {0, spec.SchedFlag1, spec.SchedFlag2, spec.SchedFlag1 | spec.SchedFlag2},
		"rr": {0, spec.SchedFlag1, spec.SchedFlag2, spec.SchedFlag3, spec.SchedFlag1 | spec.SchedFlag3},
	}
	for _, s := range schedulers {
		want := map[spec.ServiceKey]spec.Service{}
		for i, f := range append(flags[s], 0)[:max(1, len(flags[s]))] {
			want[tcp(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), uint16(80+i)).String())] = spec.Service{Scheduler: s, Flags: f}
			want[tcp(netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), uint16(80+i)).String())] = spec.Service{Scheduler: s, Flags: f}
		}
		r.hold(state(want))
		r.hold(spec.State{})
	}
}

func servicesPart(r *rig) {
	sctp := spec.AddrService(spec.SCTP, netip.MustParseAddrPort("192.0.2.1:3868"))
	mark4, mark6 := spec.MarkService(7, spec.IPv4), spec.MarkService(7, spec.IPv6)
	big := spec.MarkService(1<<32-1, spec.IPv4)
	tables := []map[spec.ServiceKey]spec.Service{
		{tcp("192.0.2.1:80"): {Scheduler: "wlc"}, udp("192.0.2.1:80"): {Scheduler: "rr"}, sctp: {Scheduler: "rr"}},
		{tcp("[2001:db8::1]:80"): {Scheduler: "wlc"}, udp("[2001:db8::1]:53"): {Scheduler: "rr"}, tcp("192.0.2.1:80"): {Scheduler: "rr"}},
		{mark4: {Scheduler: "wrr"}, mark6: {Scheduler: "rr"}, big: {Scheduler: "rr"}},
		{udp("192.0.2.1:53"): {Scheduler: "rr", Flags: spec.OnePacket}, udp("[2001:db8::1]:53"): {Scheduler: "rr", Flags: spec.OnePacket}},
		{ // persistence, with each kind of granularity
			tcp("192.0.2.1:80"):     {Scheduler: "wlc", Persistence: 300, Netmask: 32},
			tcp("192.0.2.2:80"):     {Scheduler: "wlc", Persistence: 1, Netmask: 24},
			tcp("192.0.2.3:80"):     {Scheduler: "wlc", Persistence: 86400, Netmask: 1},
			tcp("[2001:db8::1]:80"): {Scheduler: "wlc", Persistence: 300, Netmask: 128},
			tcp("[2001:db8::2]:80"): {Scheduler: "wlc", Persistence: 300, Netmask: 64},
			mark4:                   {Scheduler: "sh", Persistence: 60, Netmask: 32},
		},
		{tcp("192.0.2.1:0"): {Scheduler: "wlc", Persistence: 300, Netmask: 32}, tcp("[2001:db8::1]:0"): {Scheduler: "wlc", Persistence: 300, Netmask: 128}},
		{udp("192.0.2.1:5060"): {Scheduler: "rr", Flags: spec.OnePacket, Persistence: 60, Netmask: 32, Engine: "sip"}},
		{udp("192.0.2.1:5060"): {Scheduler: "rr", Persistence: 60, Netmask: 32}}, // in place: the engine goes
	}
	for _, want := range tables {
		r.hold(state(want))
	}
	r.hold(spec.State{})
}

func editsPart(r *rig) {
	key := udp("192.0.2.1:5060")
	for _, s := range []spec.Service{
		{Scheduler: "rr"}, {Scheduler: "wlc"}, {Scheduler: "sh", Flags: spec.SchedFlag1}, {Scheduler: "sh", Flags: spec.SchedFlag1 | spec.SchedFlag2},
		{Scheduler: "sh"}, {Scheduler: "rr", Flags: spec.OnePacket}, {Scheduler: "rr", Persistence: 60, Netmask: 24},
		{Scheduler: "rr", Persistence: 90, Netmask: 32, Engine: "sip"}, {Scheduler: "rr", Persistence: 90, Netmask: 32}, {Scheduler: "rr"},
	} {
		r.hold(state(map[spec.ServiceKey]spec.Service{key: s}))
	}
	st := r.last
	for _, d := range []spec.Dest{
		{Weight: 0}, {Weight: 65535}, {Weight: 1, Upper: 100}, {Weight: 1, Upper: 100, Lower: 100}, {Weight: 1}, {Weight: 1, Forward: spec.DR},
		{Weight: 1, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080, Checksum: spec.Sum}},
		{Weight: 2, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080, Checksum: spec.Sum}}, // the tunnel survives a new weight
		{Weight: 2, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6081, Checksum: spec.Sum}},
		{Weight: 2, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GRE}}, {Weight: 2, Forward: spec.Tun}, {Weight: 2, Forward: spec.NAT},
	} {
		want := owned(st)
		want.Dests = append(spec.Rows[spec.DestKey, spec.Dest]{}, st.Dests...)
		want.Dests[0].Value = d
		r.hold(want)
	}
}
