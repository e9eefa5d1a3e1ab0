package policies

import (
	"fmt"
	"net/netip"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// sharedAddress finds a virtual address that two instances would hold: on one director the second acquisition fails, on two both
// answer for it.
type sharedAddress struct{}

func (sharedAddress) Name() string { return "shared-address" }
func (sharedAddress) Meaning() string {
	return "A virtual address belongs to one vrrp_instance, and is not the address of a real server of the same cluster."
}

func (sharedAddress) Check(in Input) hcl.Diagnostics {
	var out hcl.Diagnostics
	first := map[netip.Addr]instanceAt{}
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		real := realServers(c)
		for _, inst := range c.Instances {
			for _, a := range inst.Def.Addresses {
				addr, at := a.Prefix.Addr(), inst.Place.Pos(a.At)
				if other, ok := first[addr]; ok {
					out = append(out, deny(at, fmt.Sprintf("%s is held by another instance", addr), fmt.Sprintf(
						"vrrp_instance %q of cluster %q (%s) holds it too. Keep it in one of them.",
						other.instance.Def.Name, other.cluster.Name, other.instance.Place.Pos(other.instance.Def.At))))
					continue
				}
				first[addr] = instanceAt{c, inst}
				if rs, ok := real[addr]; ok {
					out = append(out, deny(at, fmt.Sprintf("%s is a real server's address", addr),
						fmt.Sprintf("The real server at %s has it. A director that acquires it would take the real server's traffic.", rs)))
				}
			}
		}
	}
	return out
}

// realServers are the addresses of a cluster's real servers, with where each is first declared.
func realServers(c *spec.Cluster) map[netip.Addr]spec.Pos {
	out := map[netip.Addr]spec.Pos{}
	for _, vs := range c.VirtualServers {
		for _, rs := range vs.Def.RealServers {
			if _, ok := out[rs.Addr.Addr()]; !ok {
				out[rs.Addr.Addr()] = vs.Place.Pos(rs.At)
			}
		}
	}
	return out
}
