package spec

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// checkVirtualServer judges what several attributes say together, and puts the block into its final form. The kernel's own
// reasons are in net/netfilter/ipvs/ip_vs_ctl.c.
func checkVirtualServer(d *schema.Decoder, in *schema.Instance, s *serverDraft) {
	s.At = Mark(d.Mark(in.Header))
	if s.FWMark != 0 {
		s.checkMark(d, in)
	} else {
		s.checkAddresses(d, in)
	}
	s.checkPersistence(d, in)
	s.checkFlags(d, in)
	s.checkTunnel(d, in)
	if !in.Whole {
		return
	}
	s.placeReals(d)
	s.checkChecks(d)
	if in.Has("quorum") {
		s.checkQuorum(d, in)
	}
}

func (s *serverDraft) checkMark(d *schema.Decoder, in *schema.Instance) {
	for _, name := range []string{"address", "addresses", "port", "ports", "protocol"} {
		if in.Has(name) {
			d.Error(in.At(name), name+" beside fwmark", "A service is known by its firewall mark or by its address, not both: remove "+name+" or fwmark.")
		}
	}
	if s.Family == 0 {
		d.Error(in.At("fwmark"), "Missing family", `A firewall mark does not tell the address family: write family = "ipv4" or "ipv6".`)
	}
}

func (s *serverDraft) checkAddresses(d *schema.Decoder, in *schema.Instance) {
	if in.Has("family") {
		d.Error(in.At("family"), "family without fwmark", "The family follows from the address: remove family.")
	}
	s.expand(d, in)
	s.checkPorts(d, in)
}

// expand lists the addresses of all ranges.
func (s *serverDraft) expand(d *schema.Decoder, in *schema.Instance) {
	for _, v := range s.spans {
		if v.Addr.BitLen() != s.spans[0].Addr.BitLen() {
			d.Error(v.Range, "Mixed address families", "The addresses of one virtual_server are all IPv4 or all IPv6, since its real servers and netmask are: write a second virtual_server.")
			return
		}
		for a := v.Addr; ; a = a.Next() {
			if s.Addresses = append(s.Addresses, a); len(s.Addresses)*max(1, len(s.Ports)) > MaxServices {
				d.Error(v.Range, "Too many services", fmt.Sprintf("Each address and port is an IPVS service of its own, and one block may have at most %d: use a firewall mark, or smaller ranges.", MaxServices))
				return
			}
			if a == v.Last {
				break
			}
		}
	}
	slices.SortFunc(s.Addresses, netip.Addr.Compare)
	for i := 1; i < len(s.Addresses); i++ {
		if s.Addresses[i] == s.Addresses[i-1] {
			d.Error(in.Header, "Address listed twice", fmt.Sprintf("%s is in two of the addresses: remove one.", s.Addresses[i]))
			return
		}
	}
}

func (s *serverDraft) checkPorts(d *schema.Decoder, in *schema.Instance) {
	slices.Sort(s.Ports)
	for i, p := range s.Ports {
		switch {
		case i > 0 && p == s.Ports[i-1]:
			d.Error(in.At("ports"), "Port listed twice", fmt.Sprintf("Port %d stands twice: remove one.", p))
		case p == 0 && len(s.Ports) > 1:
			d.Error(in.At("ports"), "Every port and others", "Port 0 is every port: write port = 0 alone.")
		case p == 0 && s.Service.Persistence == 0:
			d.Error(in.At("port"), "Every port without persistence", "A service of every port needs persistence, or the connections of a client go to different real servers: write persistence = \"300s\".")
		}
	}
}

func (s *serverDraft) checkPersistence(d *schema.Decoder, in *schema.Instance) {
	full := uint8(32)
	if s.family() == IPv6 {
		full = 128
	}
	switch {
	case in.Has("persistence_prefix") && s.Service.Persistence == 0:
		d.Error(in.At("persistence_prefix"), "persistence_prefix without persistence", "It says which clients persistence takes as one: write persistence = \"300s\" too, or remove it.")
	case s.Service.Netmask > full:
		d.Error(in.At("persistence_prefix"), "persistence_prefix out of range", fmt.Sprintf("An IPv4 prefix has at most %d bits.", full))
	case s.Service.Engine != "" && s.Service.Persistence == 0:
		d.Error(in.At("persistence_engine"), "persistence_engine without persistence", "An engine says how persistence knows a client: write persistence = \"300s\" too.")
	case s.Service.Engine == "sip" && s.FWMark == 0 && s.Protocol != UDP && s.Protocol != 0:
		d.Error(in.At("persistence_engine"), "sip needs UDP", "The kernel reads the Call-ID from UDP packets only: write protocol = \"udp\", or remove persistence_engine.")
	}
	if s.Service.Netmask == 0 && s.Service.Persistence > 0 {
		s.Service.Netmask = full
	}
}

func (s *serverDraft) checkFlags(d *schema.Decoder, in *schema.Instance) {
	if s.Service.Flags&OnePacket != 0 && s.FWMark == 0 && s.Protocol != UDP {
		d.Error(in.At("one_packet"), "one_packet needs UDP", "Only UDP packets can be scheduled one by one: write protocol = \"udp\", or remove one_packet.")
	}
	for _, v := range s.flags {
		if own := v.Str[:2]; (own == "sh" || own == "mh") && own != s.Service.Scheduler {
			d.Error(v.Range, "Flag of another scheduler", fmt.Sprintf("%s is a flag of the scheduler %s, and this one is %s: remove the flag.", v.Str, own, s.Service.Scheduler))
		}
	}
}

func (s *serverDraft) checkTunnel(d *schema.Decoder, in *schema.Instance) {
	used := s.Forward == Tun || slices.ContainsFunc(s.reals, func(r realDraft) bool { return r.forward && r.Dest.Forward == Tun })
	if s.tunnel && !used {
		d.Error(in.Header, "Tunnel not used", `A tunnel block is for forwarding = "tun": write that, or remove the block.`)
	}
}

// checkQuorum refuses what keepalived reduces in silence. A weight of 0 counts as 1, so that draining is always possible.
func (s *serverDraft) checkQuorum(d *schema.Decoder, in *schema.Instance) {
	var sum uint64
	for _, r := range s.RealServers {
		sum += uint64(max(1, r.Dest.Weight))
	}
	if need := uint64(s.Quorum) + uint64(s.Hysteresis); need > sum && len(s.RealServers) > 0 {
		d.Error(in.At("quorum"), "Quorum never reached", fmt.Sprintf("quorum and hysteresis add up to %d, but the weights of all real servers to %d: lower quorum.", need, sum))
	}
}
