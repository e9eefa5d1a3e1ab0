package spec

import (
	"net/netip"
	"time"
)

// VirtualServer is the block `virtual_server "NAME"`: one pool of real servers behind one or several IPVS services.
type VirtualServer struct {
	Name      string
	Addresses []netip.Addr // with Ports and Protocol; empty for a firewall mark
	Ports     []uint16     // 0 is every port
	Protocol  Proto
	FWMark    uint32
	Family    Family // of the firewall mark

	Service            Service
	Quorum, Hysteresis uint32
	SorryServer        *RealServer
	Inhibit            bool // a failed real server keeps its entry with weight 0
	StartDown          bool // real servers wait for their first successful check
	DrainTimeout       time.Duration
	HealthChecks       []HealthCheck // of every real server that declares none itself
	RealServers        []RealServer

	Description, Owner string
	PreventDestroy     bool
	At                 Mark
}

// Keys are the IPVS services of the block, in order.
func (v *VirtualServer) Keys() []ServiceKey {
	if v.FWMark != 0 {
		return []ServiceKey{MarkService(v.FWMark, v.Family)}
	}
	out := make([]ServiceKey, 0, len(v.Addresses)*len(v.Ports))
	for _, a := range v.Addresses {
		for _, p := range v.Ports {
			out = append(out, AddrService(v.Protocol, netip.AddrPortFrom(a, p)))
		}
	}
	return out
}
