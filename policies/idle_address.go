package policies

import (
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// idleAddress advises on an instance that is held for nothing: mostly its virtual server was removed, or has another address by a slip.
// In a cluster that translates addresses it may be the gateway of the real servers, and services of a firewall mark have any address.
type idleAddress struct{}

func (idleAddress) Name() string      { return "idle-address" }
func (idleAddress) Level() spec.Level { return spec.Advise }
func (idleAddress) Meaning() string {
	return "A vrrp_instance holds an address that some virtual_server uses; or its cluster forwards by address translation or firewall marks, where it may hold it for other ends."
}

func (idleAddress) Check(in *Input) []Finding {
	var out []Finding
	used := usedAddresses(in.Fleet)
	for _, c := range in.Fleet.Clusters {
		if len(c.Instances) == 0 || len(c.VirtualServers) == 0 || otherEnds(&c) {
			continue
		}
		for _, inst := range c.Instances {
			if idle(inst.Def, used) {
				first := inst.Def.Addresses[0].Prefix.Addr()
				out = append(out, found(inst.Place.Pos(inst.Def.At), "no virtual_server uses an address of it",
					"vrrp_instance %q holds %s, and packets for it reach nothing that is balanced. Write a virtual_server with that address, or remove the instance.", inst.Def.Name, first))
			}
		}
	}
	return out
}

// usedAddresses are those virtual addresses that some service has.
func usedAddresses(f *spec.Fleet) map[netip.Addr]bool {
	out := map[netip.Addr]bool{} // false: held, and not used as far as seen
	for _, c := range f.Clusters {
		for _, inst := range c.Instances {
			for _, a := range inst.Def.Addresses {
				out[a.Prefix.Addr()] = false
			}
		}
	}
	if len(out) == 0 {
		return out
	}
	for _, c := range f.Clusters {
		for _, vs := range c.VirtualServers {
			for _, a := range vs.Def.Addresses {
				if _, held := out[a]; held {
					out[a] = true
				}
			}
		}
	}
	return out
}

// otherEnds says whether instances of the cluster may hold addresses that are no service's.
func otherEnds(c *spec.Cluster) bool {
	for _, vs := range c.VirtualServers {
		if vs.Def.FWMark != 0 {
			return true
		}
		for i := range vs.Def.RealServers {
			if vs.Def.RealServers[i].Dest.Forward == spec.NAT {
				return true
			}
		}
	}
	return false
}

func idle(inst *spec.VRRPInstance, used map[netip.Addr]bool) bool {
	for _, a := range inst.Addresses {
		if used[a.Prefix.Addr()] {
			return false
		}
	}
	return true
}
