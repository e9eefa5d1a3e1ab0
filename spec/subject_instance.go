package spec

import (
	"iter"
	"net/netip"
	"time"

	"github.com/zclconf/go-cty/cty"
)

type instanceItem struct {
	*VRRPInstance
	cluster *Cluster
}

var (
	virtualAddressType = cty.Object(map[string]cty.Type{
		"address": cty.String, "device": wordsType, "label": cty.String, "scope": cty.String, "broadcast": cty.String, "excluded": cty.Bool,
	})
	trackType  = cty.Object(map[string]cty.Type{"kind": cty.String, "name": cty.String, "weight": cty.Number})
	notifyType = cty.Object(map[string]cty.Type{"on": textsType, "kind": cty.String, "target": cty.String})
)

var instanceItems = collectionOf("instances", "The vrrp_instances of all clusters.", "its name", []field[instanceItem]{
	isText("name", "Name", func(i *instanceItem) string { return i.Name }),
	isText("cluster", "Name of its cluster", func(i *instanceItem) string { return i.cluster.Name }),
	isTexts("directors", "Names of the cluster's directors", func(i *instanceItem) []string { return i.cluster.Directors }),
	isValue("interface", wordsType, "Interface, by director", func(i *instanceItem) cty.Value {
		return byDirector(cty.String, i.Interface, i.cluster.Directors, cty.StringVal)
	}),
	isValue("priority", numbersType, "Priority, by director", func(i *instanceItem) cty.Value {
		return byDirector(cty.Number, i.Priority, i.cluster.Directors, small[uint8])
	}),
	isValue("source", wordsType, "Source address, by director, where it is written", func(i *instanceItem) cty.Value {
		return byDirector(cty.String, i.Source, i.cluster.Directors, func(a netip.Addr) cty.Value { return cty.StringVal(a.String()) })
	}),
	isNumber("virtual_router_id", "Number of the virtual router", func(i *instanceItem) int64 { return int64(i.VirtualRouterID) }),
	isNumber("version", "Version of VRRP", func(i *instanceItem) int64 { return int64(i.Version) }),
	isText("family", "ipv4 or ipv6", func(i *instanceItem) string { return i.Family.String() }),
	isSeconds("advert_interval", "Time between advertisements", func(i *instanceItem) time.Duration { return i.AdvertInterval }),
	isBool("preempt", "Whether a higher priority takes over", func(i *instanceItem) bool { return i.Preempt }),
	isSeconds("preempt_delay", "Time before it does", func(i *instanceItem) time.Duration { return i.PreemptDelay }),
	isSeconds("startup_delay", "Time before the first election", func(i *instanceItem) time.Duration { return i.StartupDelay }),
	isBool("unicast", "Whether it advertises to the other directors only", func(i *instanceItem) bool { return i.Unicast }),
	isValue("group", cty.String, "Multicast group", func(i *instanceItem) cty.Value { return addrValue(i.Group) }),
	isNumber("ttl_min", "Lowest TTL accepted", func(i *instanceItem) int64 { return int64(i.TTLMin) }),
	isNumber("ttl_max", "Highest TTL accepted", func(i *instanceItem) int64 { return int64(i.TTLMax) }),
	isText("checksum", "rfc9568 or pseudo_header", func(i *instanceItem) string { return either(i.PseudoHeaderChecksum, "pseudo_header", "rfc9568") }),
	isBool("accept", "Whether a master takes packets for addresses it does not own", func(i *instanceItem) bool { return i.Accept }),
	isBool("use_vmac", "Whether it uses the virtual MAC address", func(i *instanceItem) bool { return i.VMAC }),
	isNumber("down_timer_adverts", "Advertisements that may be lost", func(i *instanceItem) int64 { return int64(i.DownTimerAdverts) }),
	isBool("authentication", "Whether there is the block", func(i *instanceItem) bool { return i.AuthSecret != "" }),
	isTexts("addresses", "Virtual addresses with their lengths, \"192.0.2.100/32\"", func(i *instanceItem) []string {
		return named(i.Addresses, func(a VirtualAddress) string { return a.Prefix.String() })
	}),
	isValue("virtual_addresses", cty.List(virtualAddressType), "Blocks `virtual_address`, device as a map by director", func(i *instanceItem) cty.Value {
		return listValue(virtualAddressType, i.Addresses, func(a VirtualAddress) cty.Value {
			return cty.ObjectVal(map[string]cty.Value{
				"address": cty.StringVal(a.Prefix.String()), "device": byDirector(cty.String, a.Device, i.cluster.Directors, cty.StringVal),
				"label": textOrNull(a.Label), "scope": textOrNull(a.Scope), "broadcast": addrValue(a.Broadcast), "excluded": cty.BoolVal(a.Excluded),
			})
		})
	}),
	isValue("track", cty.List(trackType), "Blocks `track_interface`, `track_script`, `track_file` and `track_process`", func(i *instanceItem) cty.Value {
		return listValue(trackType, i.Track, func(t Tracker) cty.Value {
			return cty.ObjectVal(map[string]cty.Value{"kind": cty.StringVal(t.Kind), "name": cty.StringVal(t.Name), "weight": small(t.Weight)})
		})
	}),
	isValue("notify", cty.List(notifyType), "Blocks `notify`", func(i *instanceItem) cty.Value {
		return listValue(notifyType, i.Notify, func(n Notify) cty.Value {
			return cty.ObjectVal(map[string]cty.Value{"on": textsValue(n.On), "kind": cty.StringVal(n.Kind), "target": cty.StringVal(n.Target)})
		})
	}),
}, func(s *Subject) iter.Seq[sighted[instanceItem]] {
	return func(yield func(sighted[instanceItem]) bool) {
		for n := range s.Fleet.Clusters {
			c := &s.Fleet.Clusters[n]
			for _, i := range c.Instances {
				if !yield(sighted[instanceItem]{i.Def.Name, i.Place.Pos(i.Def.At), instanceItem{i.Def, c}}) {
					return
				}
			}
		}
	}
})
