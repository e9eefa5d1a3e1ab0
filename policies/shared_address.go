package policies

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// sharedAddress finds a virtual address that two instances would hold: on one director the second acquisition fails, on two both
// answer for it.
type sharedAddress struct{}

func (sharedAddress) Name() string      { return "shared-address" }
func (sharedAddress) Level() spec.Level { return spec.Deny }
func (sharedAddress) Meaning() string {
	return "A virtual address belongs to one vrrp_instance, and is not the address of a real server of the same cluster."
}

func (sharedAddress) Check(in *Input) []Finding {
	var out []Finding
	first := map[netip.Addr]instanceAt{}
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		real := shared(c)
		for _, inst := range c.Instances {
			for _, a := range inst.Def.Addresses {
				addr, at := a.Prefix.Addr(), inst.Place.Pos(a.At)
				if other, ok := first[addr]; ok {
					out = append(out, found(at, fmt.Sprintf("%s is held by another instance", addr), fmt.Sprintf(
						"vrrp_instance %q of cluster %q (%s) holds it too. Keep it in one of them.",
						other.instance.Def.Name, other.cluster.Name, other.instance.Place.Pos(other.instance.Def.At))))
					continue
				}
				first[addr] = instanceAt{c, inst}
				if rs, ok := real[addr]; ok {
					out = append(out, found(at, fmt.Sprintf("%s is a real server's address", addr),
						fmt.Sprintf("The real server at %s has it. A director that acquires it would take the real server's traffic.", rs)))
				}
			}
		}
	}
	return out
}

// shared are those of a cluster's virtual addresses that its real servers have, with where each is first declared. A fleet has many
// more real servers than virtual addresses: these are looked for among those.
func shared(c *spec.Cluster) map[netip.Addr]spec.Pos {
	virtual := map[netip.Addr]bool{}
	for _, inst := range c.Instances {
		for _, a := range inst.Def.Addresses {
			virtual[a.Prefix.Addr()] = true
		}
	}
	if len(virtual) == 0 {
		return nil
	}
	out := map[netip.Addr]spec.Pos{}
	for _, vs := range c.VirtualServers {
		for i := range vs.Def.RealServers {
			rs := &vs.Def.RealServers[i]
			if addr := rs.Addr.Addr(); virtual[addr] {
				virtual[addr], out[addr] = false, vs.Place.Pos(rs.At)
			}
		}
	}
	return out
}
