package policies

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// sharedAddress finds a virtual address that two hosts would have: two instances, of which on one director the second fails to acquire
// it, and of two directors both answer for it; or a director and a real server.
type sharedAddress struct{}

func (sharedAddress) Name() string      { return "shared-address" }
func (sharedAddress) Level() spec.Level { return spec.Deny }
func (sharedAddress) Meaning() string {
	return "A virtual address belongs to one vrrp_instance, and no real server on the segment has it: whoever answers last takes the traffic."
}

func (sharedAddress) Check(in *Input) []Finding {
	held, out := heldAddresses(in.Fleet)
	if len(held) == 0 {
		return out
	}
	said := map[netip.Addr]bool{}
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, vs := range c.VirtualServers {
			for n := range vs.Def.RealServers {
				rs := &vs.Def.RealServers[n]
				addr := rs.Addr.Addr()
				if h, ok := held[heldKey{addr: addr}]; ok && !said[addr] && h.takes(in.Fleet, c, rs) {
					said[addr] = true
					out = append(out, found(h.instance.Place.Pos(h.at), fmt.Sprintf("%s is a real server's address", addr),
						"The real server at %s of cluster %q has it. A director that acquires it answers for it on the segment, and would take the real server's traffic. Give vrrp_instance %q another address, or remove the real server.",
						vs.Place.Pos(rs.At), c.Name, h.instance.Def.Name))
				}
			}
		}
	}
	return out
}

// heldKey is an address, and where it is link-local the segment on which it means something.
type heldKey struct {
	addr    netip.Addr
	segment string
}

// heldAddress is a virtual address with the instance that holds it.
type heldAddress struct {
	instanceAt
	at spec.Mark
}

// heldAddresses are all virtual addresses of a fleet. A fleet has many more real servers: these are looked for among those.
func heldAddresses(f *spec.Fleet) (map[heldKey]heldAddress, []Finding) {
	var out []Finding
	held := map[heldKey]heldAddress{}
	for i := range f.Clusters {
		c := &f.Clusters[i]
		for _, inst := range c.Instances {
			for _, a := range inst.Def.Addresses {
				addr := a.Prefix.Addr()
				key := heldKey{addr: addr}
				if addr.IsLinkLocalUnicast() {
					key.segment = segmentOfInstance(f, c, inst.Def)
				}
				if other, ok := held[key]; ok {
					out = append(out, found(inst.Place.Pos(a.At), fmt.Sprintf("%s is held by another instance", addr),
						"vrrp_instance %q of cluster %q (%s) holds it too. Keep it in one of them.",
						other.instance.Def.Name, other.cluster.Name, other.instance.Place.Pos(other.instance.Def.At)))
					continue
				}
				held[key] = heldAddress{instanceAt{c, inst}, a.At}
			}
		}
	}
	return held, out
}

// takes says whether the director that holds the address would take the traffic of a real server of a cluster that has it too. Another
// cluster may forward to it on purpose, by address translation, where it is the address of a service; and one whose ports are all on
// other segments has another host of that address.
func (h heldAddress) takes(f *spec.Fleet, c *spec.Cluster, rs *spec.RealServer) bool {
	if h.cluster.Name == c.Name {
		return true
	}
	if rs.Dest.Forward == spec.NAT && serves(h.cluster, rs.Addr.Addr()) {
		return false
	}
	theirs := segmentsOf(f, c)
	return slices.ContainsFunc(h.cluster.Directors, func(name string) bool {
		port, ok := h.instance.Def.Interface.For(name)
		return ok && slices.Contains(theirs, segmentOf(f, name, port))
	})
}

// serves says whether a virtual server of the cluster has the address.
func serves(c *spec.Cluster, addr netip.Addr) bool {
	return slices.ContainsFunc(c.VirtualServers, func(vs spec.Placed[spec.VirtualServer]) bool { return slices.Contains(vs.Def.Addresses, addr) })
}

// segmentsOf are those that a cluster's directors name for their ports; the one that all share unless the fleet names others, where
// they name none.
func segmentsOf(f *spec.Fleet, c *spec.Cluster) []string {
	var out []string
	for _, d := range f.Directors {
		if c.Has(d.Def.Name) {
			for _, p := range d.Def.Interfaces {
				out = append(out, p.Segment)
			}
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// segmentOfInstance is that of the first director's port.
func segmentOfInstance(f *spec.Fleet, c *spec.Cluster, inst *spec.VRRPInstance) string {
	port, _ := inst.Interface.For(c.Directors[0])
	return segmentOf(f, c.Directors[0], port)
}
