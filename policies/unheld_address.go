package policies

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// unheldAddress refuses a service that no packet reaches: its director would forward what comes for the address, and nobody answers for
// it. A cluster without instances leaves its addresses to something else, such as keepalived.
type unheldAddress struct{}

func (unheldAddress) Name() string      { return "unheld-address" }
func (unheldAddress) Level() spec.Level { return spec.Overridable }
func (unheldAddress) Meaning() string {
	return "In a cluster that has a vrrp_instance, each address of a virtual_server is a virtual address of one: nobody else answers for it. Addresses that a router sends to the directors are the exception."
}

func (unheldAddress) Check(in *Input) []Finding {
	var out []Finding
	held, _ := heldAddresses(in.Fleet)
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		if len(c.Instances) == 0 {
			continue
		}
		for _, vs := range c.VirtualServers {
			lost, n := unheld(c, vs.Def, held)
			if n == 0 {
				continue
			}
			out = append(out, found(vs.Place.Pos(vs.Def.At), "no vrrp_instance holds "+lost.String(),
				"No instance of cluster %q holds %s of virtual_server %q, so no director answers for it and clients reach nothing. Write virtual_address \"%s/%d\" {} in vrrp_instance %q, or correct the address.",
				c.Name, oneOf(lost, n), vs.Def.Name, lost, lost.BitLen(), c.Instances[0].Def.Name))
		}
	}
	return out
}

// unheld is the first address of a virtual server that its directors do not hold, and how many there are. An instance of another
// cluster is theirs too if that cluster has all of them.
func unheld(c *spec.Cluster, vs *spec.VirtualServer, held map[heldKey]heldAddress) (first netip.Addr, n int) {
	for _, a := range vs.Addresses {
		h, ok := held[heldKey{addr: a}]
		if ok && (h.cluster == c || !slices.ContainsFunc(c.Directors, func(name string) bool { return !h.cluster.Has(name) })) {
			continue
		}
		if n++; n == 1 {
			first = a
		}
	}
	return first, n
}

func oneOf(a netip.Addr, n int) string {
	if n == 1 {
		return a.String()
	}
	return fmt.Sprintf("%s and %d more", a, n-1)
}
