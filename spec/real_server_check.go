package spec

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// placeReals completes the real servers from what the virtual server says, and judges them in it.
func (s *serverDraft) placeReals(d *schema.Decoder) {
	seen := make(map[netip.AddrPort]schema.Mark, len(s.reals))
	if len(s.reals) > 0 { // nil else, as a decoded view has it
		s.RealServers = make([]RealServer, len(s.reals))
	}
	for i := range s.reals {
		r := &s.reals[i]
		s.complete(d, r)
		key := s.place(&r.RealServer)
		if line, dup := seen[key]; dup {
			d.Error(r.header, "Second real_server "+key.String(), fmt.Sprintf("The virtual_server has this real server already, in line %d: merge the two.", d.Line(line)))
		}
		seen[key] = schema.Mark(r.At)
		s.RealServers[i] = r.RealServer
	}
	s.countPaths()
	if s.sorry != nil {
		s.complete(d, s.sorry)
		s.SorryServer = &s.sorry.RealServer
		if line, both := seen[s.place(s.SorryServer)]; both {
			d.Error(s.sorry.header, "Sorry server is a real server", fmt.Sprintf("The virtual_server has %s as a real_server too, in line %d: it would stand in for itself. Name another one.", s.SorryServer.Addr, d.Line(line)))
		}
	}
}

// place is where a real server is, in the only service if there is one.
func (s *serverDraft) place(r *RealServer) netip.AddrPort {
	return r.Key(AddrService(s.Protocol, netip.AddrPortFrom(r.Addr.Addr(), s.onlyPort()))).Addr
}

// onlyPort is the port of the services, if they have one.
func (s *serverDraft) onlyPort() uint16 {
	if len(s.Ports) == 1 {
		return s.Ports[0]
	}
	return 0
}

func (s *serverDraft) complete(d *schema.Decoder, r *realDraft) {
	if !r.forward {
		r.Dest.Forward = s.Forward
	}
	switch {
	case r.tunnel && r.Dest.Forward != Tun:
		d.Error(r.header, "Tunnel not used", `A tunnel block is for forwarding = "tun": write that, or remove the block.`)
	case !r.tunnel && r.Dest.Forward == Tun && s.tunnel:
		r.Dest.Tunnel = s.Tunnel
	}
	s.checkRealPort(d, r)
	s.checkRealFamily(d, r)
	if lo, hi := r.Dest.Lower, r.Dest.Upper; lo > hi {
		d.Error(r.header, "lower_threshold above upper_threshold", fmt.Sprintf("lower_threshold is %d and upper_threshold %d: the lower one is where new connections begin again, so write it smaller.", lo, hi))
	}
}

// checkRealPort refuses a port that would not be used: with direct routing and tunnels a packet keeps its port.
func (s *serverDraft) checkRealPort(d *schema.Decoder, r *realDraft) {
	port := r.Addr.Port()
	if port == 0 || r.Dest.Forward == NAT {
		return
	}
	if s.FWMark != 0 || s.onlyPort() != port {
		d.Error(r.header, "Port cannot change", fmt.Sprintf("With forwarding = %q a packet keeps the port of the service: write real_server %q, or forwarding = \"nat\".", r.Dest.Forward, r.Addr.Addr()))
	}
}

func (s *serverDraft) checkRealFamily(d *schema.Decoder, r *realDraft) {
	if FamilyOf(r.Addr.Addr()) != s.family() && r.Dest.Forward != Tun {
		d.Error(r.header, "Mixed address families", fmt.Sprintf("The service is %s and the real server is not: only forwarding = \"tun\" can do that.", s.family()))
	}
}
