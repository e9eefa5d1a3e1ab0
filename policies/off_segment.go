package policies

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// offSegment advises on real servers of direct routing that a director has no network to: what it forwards still has the virtual address
// as its destination, so a router on the way sends it back to the director, or drops it. A route of scope link may lead there all the same.
type offSegment struct{}

func (offSegment) Name() string      { return "off-segment" }
func (offSegment) Level() spec.Level { return spec.Advise }
func (offSegment) Meaning() string {
	return "A real server with forwarding = \"dr\" is on a network of each of its directors, by the addresses of their ports: packets for a virtual address cannot cross a router."
}

func (offSegment) Lacks(in *Input) string { return in.noPorts() }

func (offSegment) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		said := map[string]bool{} // by virtual server: one director is enough
		for _, name := range c.Directors {
			facts, ok := in.Facts[name]
			if !ok || facts.Ports == nil {
				continue
			}
			own := networksOf(facts)
			for _, vs := range c.VirtualServers {
				if rs, n := own.beyond(vs.Def); n > 0 && !said[vs.Def.Name] {
					said[vs.Def.Name] = true
					out = append(out, beyondRouter(vs, rs, n, name, own))
				}
			}
		}
	}
	return out
}

// networks are those that a host has an address in.
type networks []netip.Prefix

func networksOf(f spec.HostFacts) networks {
	var out networks
	for _, port := range slices.Sorted(maps.Keys(f.Ports)) {
		for _, p := range f.Ports[port].Prefixes {
			if !p.Addr().IsLoopback() && !slices.Contains(out, p.Masked()) {
				out = append(out, p.Masked())
			}
		}
	}
	return out
}

func (n networks) has(a netip.Addr) bool {
	a = a.WithZone("")
	for _, p := range n {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// beyond is the first real server of direct routing that is on none of the networks, and how many there are.
func (n networks) beyond(vs *spec.VirtualServer) (first *spec.RealServer, found int) {
	for i := range vs.RealServers {
		rs := &vs.RealServers[i]
		if rs.Dest.Forward != spec.DR || n.has(rs.Addr.Addr()) {
			continue
		}
		if found++; found == 1 {
			first = rs
		}
	}
	return first, found
}

// shownNetworks is how many networks a message has room for.
const shownNetworks = 4

func beyondRouter(vs spec.Placed[spec.VirtualServer], rs *spec.RealServer, n int, director string, own networks) Finding {
	more := ""
	if n > 1 {
		more = fmt.Sprintf(" The same is true of %d more of virtual_server %q.", n-1, vs.Def.Name)
	}
	shown := fmt.Sprint([]netip.Prefix(own[:min(len(own), shownNetworks)]))
	if len(own) > shownNetworks {
		shown += fmt.Sprintf(" and %d more", len(own)-shownNetworks)
	}
	return found(vs.Place.Pos(rs.At), fmt.Sprintf("%s is on no network of director %q", rs.Addr.Addr(), director),
		"%s has %s. With forwarding = \"dr\" a packet keeps the virtual address as its destination, so the router on the way to %s would send it back or drop it.%s "+
			"Write forwarding = \"tun\" or \"nat\", correct the address, or give %s an address in that network.", director, shown, rs.Addr.Addr(), more, director)
}
