package spec

import (
	"iter"
	"net/netip"
	"time"

	"github.com/zclconf/go-cty/cty"
)

type serverItem struct {
	*VirtualServer
	cluster *Cluster
}

var poolType = cty.Object(map[string]cty.Type{"address": cty.String, "port": cty.Number, "weight": cty.Number, "forwarding": cty.String})

var virtualServerItems = collectionOf("virtual_servers", "The virtual_servers of all clusters.", "CLUSTER/NAME", []field[serverItem]{
	isText("name", "Name", func(v *serverItem) string { return v.Name }),
	isText("cluster", "Name of its cluster", func(v *serverItem) string { return v.cluster.Name }),
	isTexts("directors", "Names of the cluster's directors", func(v *serverItem) []string { return v.cluster.Directors }),
	isValue("address", cty.String, "Its address; not known where it has several, null for a firewall mark", func(v *serverItem) cty.Value {
		return only(cty.String, v.Addresses, addrValue)
	}),
	isTexts("addresses", "All of its addresses", func(v *serverItem) []string { return named(v.Addresses, netip.Addr.String) }),
	isValue("port", cty.Number, "Its port; not known where it has several, null for a firewall mark", func(v *serverItem) cty.Value {
		return only(cty.Number, v.Ports, small[uint16])
	}),
	isValue("ports", cty.List(cty.Number), "All of its ports", func(v *serverItem) cty.Value { return listValue(cty.Number, v.Ports, small[uint16]) }),
	isTextOrNull("protocol", "tcp, udp or sctp", func(v *serverItem) string { return v.Protocol.String() }),
	isValue("fwmark", cty.Number, "Firewall mark; null if there is none", func(v *serverItem) cty.Value {
		if v.FWMark == 0 {
			return cty.NullVal(cty.Number)
		}
		return small(v.FWMark)
	}),
	isText("family", "ipv4 or ipv6", func(v *serverItem) string { return v.family().String() }),
	isText("scheduler", "Scheduler", func(v *serverItem) string { return v.Service.Scheduler }),
	isTexts("flags", "Flags of the scheduler", func(v *serverItem) []string { return (v.Service.Flags &^ OnePacket).Names(v.Service.Scheduler) }),
	isBool("one_packet", "Whether each packet is scheduled anew", func(v *serverItem) bool { return v.Service.Flags&OnePacket != 0 }),
	isValue("forwarding", cty.String, "dr, nat or tun; not known where its real servers differ, null where it has none", func(v *serverItem) cty.Value {
		return only(cty.String, forwardings(v.RealServers), func(f Forward) cty.Value { return cty.StringVal(f.String()) })
	}),
	isSeconds("persistence", "Time for which a client stays; 0 if it does not", func(v *serverItem) time.Duration {
		return time.Duration(v.Service.Persistence) * time.Second
	}),
	isNumber("persistence_prefix", "Prefix length that makes clients one", func(v *serverItem) int64 { return int64(v.Service.Netmask) }),
	isTextOrNull("persistence_engine", "Persistence by something else", func(v *serverItem) string { return v.Service.Engine }),
	isNumber("quorum", "Quorum", func(v *serverItem) int64 { return int64(v.Quorum) }),
	isNumber("hysteresis", "Hysteresis", func(v *serverItem) int64 { return int64(v.Hysteresis) }),
	isBool("inhibit_on_failure", "Whether a failed real server keeps its entry", func(v *serverItem) bool { return v.Inhibit }),
	isText("start_state", "up or down", func(v *serverItem) string { return either(v.StartDown, "down", "up") }),
	isSeconds("drain_timeout", "Time that a removed real server keeps its connections", func(v *serverItem) time.Duration { return v.DrainTimeout }),
	isSeconds("slow_start", "Time in which the weight of a real server that came back rises, 0 if all at once", func(v *serverItem) time.Duration { return v.SlowStart }),
	isTextOrNull("description", "Description", func(v *serverItem) string { return v.Description }),
	isTextOrNull("owner", "Owner", func(v *serverItem) string { return v.Owner }),
	isBool("prevent_destroy", "Whether its block `lifecycle` says so", func(v *serverItem) bool { return v.PreventDestroy }),
	isTextOrNull("sorry_server", "Address of its sorry_server", func(v *serverItem) string {
		if v.SorryServer == nil {
			return ""
		}
		return v.SorryServer.Addr.Addr().String()
	}),
	isTexts("health_checks", "Kinds of its health_check blocks", func(v *serverItem) []string { return kinds(v.HealthChecks) }),
	isValue("real_servers", cty.List(poolType), "Its real servers: address, port, weight and forwarding", func(v *serverItem) cty.Value {
		return listValue(poolType, v.RealServers, func(r RealServer) cty.Value {
			return cty.ObjectVal(map[string]cty.Value{
				"address": addrValue(r.Addr.Addr()), "port": realPort(&r, v.VirtualServer), "weight": small(r.Dest.Weight), "forwarding": cty.StringVal(r.Dest.Forward.String()),
			})
		})
	}),
}, func(s *Subject) iter.Seq[sighted[serverItem]] {
	return func(yield func(sighted[serverItem]) bool) {
		for n := range s.Fleet.Clusters {
			c := &s.Fleet.Clusters[n]
			for _, v := range c.VirtualServers {
				if !yield(sighted[serverItem]{c.Name + "/" + v.Def.Name, v.Place.Pos(v.Def.At), serverItem{v.Def, c}}) {
					return
				}
			}
		}
	}
})

// only is the one value of several that must be one: not known where they differ, so that no condition holds by mistake.
func only[T comparable](of cty.Type, all []T, value func(T) cty.Value) cty.Value {
	if len(all) == 0 {
		return cty.NullVal(of)
	}
	for _, x := range all[1:] {
		if x != all[0] {
			return cty.UnknownVal(of)
		}
	}
	return value(all[0])
}

func forwardings(all []RealServer) []Forward {
	out := make([]Forward, len(all))
	for i := range all {
		out[i] = all[i].Dest.Forward
	}
	return out
}

func kinds(all []HealthCheck) []string {
	return named(all, func(h HealthCheck) string { return h.Kind })
}

// realPort is the port of a real server: its own, or that of the service.
func realPort(r *RealServer, v *VirtualServer) cty.Value {
	if p := r.Addr.Port(); p != 0 {
		return small(p)
	}
	return only(cty.Number, v.Ports, small[uint16])
}

type realItem struct {
	*RealServer
	server  *VirtualServer
	cluster *Cluster
}

var realServerItems = collectionOf("real_servers", "The real_servers of all virtual_servers.", "CLUSTER/VIRTUAL_SERVER/ADDRESS[:PORT]", []field[realItem]{
	isText("address", "Address", func(r *realItem) string { return r.Addr.Addr().String() }),
	isValue("port", cty.Number, "Port, that of the service if it has none; not known where the service has several, null for a firewall mark", func(r *realItem) cty.Value {
		return realPort(r.RealServer, r.server)
	}),
	isText("virtual_server", "Name of its virtual_server", func(r *realItem) string { return r.server.Name }),
	isText("cluster", "Name of its cluster", func(r *realItem) string { return r.cluster.Name }),
	isTexts("directors", "Names of the cluster's directors", func(r *realItem) []string { return r.cluster.Directors }),
	isNumber("weight", "Weight", func(r *realItem) int64 { return int64(r.Dest.Weight) }),
	isText("forwarding", "dr, nat or tun", func(r *realItem) string { return r.Dest.Forward.String() }),
	isTextOrNull("tunnel", "How packets are wrapped, \"gue port 6080\"", func(r *realItem) string {
		if r.Dest.Forward != Tun {
			return ""
		}
		return r.Dest.Tunnel.String()
	}),
	isNumber("upper_threshold", "Connections above which it takes no new ones; 0 is no limit", func(r *realItem) int64 { return int64(r.Dest.Upper) }),
	isNumber("lower_threshold", "Connections below which it takes new ones again", func(r *realItem) int64 { return int64(r.Dest.Lower) }),
	isTexts("health_checks", "Kinds of its health_check blocks, those of the virtual_server if it has none", func(r *realItem) []string {
		if len(r.HealthChecks) > 0 {
			return kinds(r.HealthChecks)
		}
		return kinds(r.server.HealthChecks)
	}),
	isTextOrNull("owner", "Owner of the virtual_server", func(r *realItem) string { return r.server.Owner }),
}, func(s *Subject) iter.Seq[sighted[realItem]] {
	return func(yield func(sighted[realItem]) bool) {
		for n := range s.Fleet.Clusters {
			c := &s.Fleet.Clusters[n]
			for _, v := range c.VirtualServers {
				for i := range v.Def.RealServers {
					r := &v.Def.RealServers[i]
					if !yield(sighted[realItem]{c.Name + "/" + v.Def.Name + "/" + realName(r), v.Place.Pos(r.At), realItem{r, v.Def, c}}) {
						return
					}
				}
			}
		}
	}
})

// realName is a real server as its block is labelled.
func realName(r *RealServer) string {
	if r.Addr.Port() == 0 {
		return r.Addr.Addr().String()
	}
	return netip.AddrPortFrom(r.Addr.Addr(), r.Addr.Port()).String()
}
