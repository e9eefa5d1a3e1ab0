package topology

import (
	"net/netip"
	"slices"
)

// route adds a route; to is empty for the default route of the gateway's family.
func (p *parser) route(n *Node, to, gateway string, line int) {
	via, err := netip.ParseAddr(gateway)
	if err != nil {
		p.fail(line, "cannot read the gateway %q; write default=ADDRESS or route=PREFIX@ADDRESS", gateway)
		return
	}
	prefix := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	if via.Is4() {
		prefix = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	if to != "" {
		prefix, err = netip.ParsePrefix(to)
		if err != nil || prefix != prefix.Masked() {
			p.fail(line, "cannot read the prefix %q; write NETWORK/LENGTH with no bits behind the length", to)
			return
		}
	}
	switch {
	case prefix.Addr().Is4() != via.Is4():
		p.fail(line, "the route to %s has a gateway of the other address family", prefix)
	case slices.ContainsFunc(n.Routes, func(r Route) bool { return r.To == prefix }):
		p.fail(line, "node %s has two routes to %s; keep one", n.Name, prefix)
	default:
		n.Routes = append(n.Routes, Route{prefix, via})
	}
}

// gateways checks what the kernel would refuse as "Nexthop has invalid gateway".
func (p *parser) gateways(n Node, line int) {
	for _, r := range n.Routes {
		reached := slices.ContainsFunc(n.Links, func(l Link) bool {
			return slices.ContainsFunc(l.Addresses, func(a netip.Prefix) bool { return a.Contains(r.Via) })
		})
		if !reached {
			p.fail(line, "node %s cannot reach the gateway %s; give it an address in the gateway's network", n.Name, r.Via)
		}
	}
}
