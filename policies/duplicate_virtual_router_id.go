package policies

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// duplicateRouterID finds instances whose advertisements meet with one virtual router id: each would elect against the other.
// Unicast instances of different clusters never meet, since their peers are the cluster's directors; but on one port of one director they
// are one virtual router, however they advertise (RFC 9568, section 1.7).
type duplicateRouterID struct{}

func (duplicateRouterID) Name() string      { return "duplicate-virtual-router-id" }
func (duplicateRouterID) Level() spec.Level { return spec.Deny }
func (duplicateRouterID) Meaning() string {
	return "A virtual router id is used once per segment and family: among multicast instances of one group, and among unicast instances of one cluster; and once on each port of a director."
}

type vrrpDomain struct {
	cluster string // "" for multicast
	segment string
	family  spec.Family
	group   netip.Addr // zero for unicast
	id      uint8
	port    portOf // where it is not about a segment
}

type portOf struct{ director, name string }

type instanceAt struct {
	cluster  *spec.Cluster
	instance spec.Placed[spec.VRRPInstance]
}

func (duplicateRouterID) Check(in *Input) []Finding {
	var out []Finding
	first := map[vrrpDomain]instanceAt{}
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, inst := range c.Instances {
			here := instanceAt{c, inst}
			if other, dom, taken := meets(in.Fleet, first, here); taken {
				out = append(out, duplicateRouter(dom, here, other))
			}
		}
	}
	return out
}

// meets looks the instance's domains up and enters them.
func meets(f *spec.Fleet, first map[vrrpDomain]instanceAt, here instanceAt) (instanceAt, vrrpDomain, bool) {
	for _, name := range here.cluster.Directors {
		port, ok := here.instance.Def.Interface.For(name)
		if !ok {
			continue
		}
		def := here.instance.Def
		segment := vrrpDomain{segment: segmentOf(f, name, port), family: def.Family, group: def.Group, id: def.VirtualRouterID}
		if def.Unicast {
			segment.cluster, segment.group = here.cluster.Name, netip.Addr{}
		}
		for _, dom := range []vrrpDomain{segment, {port: portOf{name, port}, family: def.Family, id: def.VirtualRouterID}} {
			if other, ok := first[dom]; ok && other.instance.Def != def {
				return other, dom, true
			}
			first[dom] = here
		}
	}
	return instanceAt{}, vrrpDomain{}, false
}

func duplicateRouter(dom vrrpDomain, here, other instanceAt) Finding {
	def := here.instance.Def
	return found(here.instance.Place.Pos(def.At), fmt.Sprintf("virtual router id %d is taken", dom.id), fmt.Sprintf(
		"vrrp_instance %q of cluster %q (%s) speaks with virtual_router_id %d on the same segment. Give %q a free id; if the ports are on "+
			"separate segments, say so with interface \"PORT\" { segment = … } in the director block.",
		other.instance.Def.Name, other.cluster.Name, other.instance.Place.Pos(other.instance.Def.At), dom.id, def.Name))
}
