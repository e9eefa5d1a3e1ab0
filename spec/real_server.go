package spec

import "net/netip"

// RealServer is the block `real_server "ADDRESS[:PORT]"`. Port 0 is the port of the service it stands in.
type RealServer struct {
	Addr         netip.AddrPort
	Dest         Dest // forwarding and tunnel already inherited from the virtual server
	HealthChecks []HealthCheck
	At           Mark
}

// Key is the real server's identity within a service.
func (r *RealServer) Key(s ServiceKey) DestKey {
	port := r.Addr.Port()
	if port == 0 {
		port = s.Addr.Port()
	}
	return DestKey{Service: s, Addr: netip.AddrPortFrom(r.Addr.Addr(), port)}
}
