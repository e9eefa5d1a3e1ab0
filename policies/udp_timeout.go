package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// udpTimeout advises on UDP services that nobody gave a thought to: the kernel takes packets from one port as one flow until it was idle
// for 300 s (ip_vs_proto_udp.c), so that a busy resolver or a log shipper never sees another real server.
type udpTimeout struct{}

func (udpTimeout) Name() string      { return "udp-timeout" }
func (udpTimeout) Level() spec.Level { return spec.Advise }
func (udpTimeout) Meaning() string {
	return "A virtual_server of UDP has one_packet, or its directors hold a timeout for UDP flows; otherwise the kernel's 300 s hold."
}

func (udpTimeout) Check(in *Input) []Finding {
	var out []Finding
	bounded := udpBounded(in.Fleet)
	for _, c := range in.Fleet.Clusters {
		first, n := flows(&c)
		if n == 0 {
			continue
		}
		for _, name := range c.Directors {
			if !bounded[name] {
				out = append(out, found(first.Place.Pos(first.Def.At), fmt.Sprintf("UDP flows stay with their real server for 300 s, in cluster %q", c.Name),
					"virtual_server %q schedules a sender once, and never again while its packets are less than 300 s apart, the kernel's default, whatever becomes of the weights%s. "+
						"Where each packet stands alone, as in DNS, write one_packet = true; else say how long a flow may be idle: ipvs_timeouts { udp = \"30s\" } in the cluster.",
					first.Def.Name, andMore(n-1)))
				break
			}
		}
	}
	return out
}

// flows is the first virtual server whose UDP packets belong together, and how many there are.
func flows(c *spec.Cluster) (first spec.Placed[spec.VirtualServer], n int) {
	for _, vs := range c.VirtualServers {
		if vs.Def.FWMark == 0 && vs.Def.Protocol == spec.UDP && vs.Def.Service.Flags&spec.OnePacket == 0 {
			if n++; n == 1 {
				first = vs
			}
		}
	}
	return first, n
}

// udpBounded are the directors whose kernel is told a timeout for UDP, by any of their clusters.
func udpBounded(f *spec.Fleet) map[string]bool {
	out := map[string]bool{}
	for _, c := range f.Clusters {
		for _, t := range c.Timeouts {
			if t.Key != spec.TimeoutUDP {
				continue
			}
			for _, name := range c.Directors {
				out[name] = true
			}
		}
	}
	return out
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; the same is true of %d more", n)
}
