package probe

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// family is what differs between ICMP of IPv4 and of IPv6.
type family struct {
	network, any   string // to listen at
	protocol       int
	request, reply icmp.Type
	filter         func(*icmp.PacketConn) error
	send           func(conn *icmp.PacketConn, b []byte, from, to netip.Addr) error
	inner          func(quoted []byte) []byte // the ICMP message in the packet that an error quotes; nil if it is none
	unreachable    func(*icmp.Message) string // what an error says, for people; "" if it says nothing
}

// filter4 keeps all from the socket but replies and errors.
func filter4(c *icmp.PacketConn) error {
	var f ipv4.ICMPFilter
	f.SetAll(true)
	f.Accept(ipv4.ICMPTypeEchoReply)
	f.Accept(ipv4.ICMPTypeDestinationUnreachable)
	f.Accept(ipv4.ICMPTypeTimeExceeded)
	return c.IPv4PacketConn().SetICMPFilter(&f)
}

func filter6(c *icmp.PacketConn) error {
	var f ipv6.ICMPFilter
	f.SetAll(true)
	f.Accept(ipv6.ICMPTypeEchoReply)
	f.Accept(ipv6.ICMPTypeDestinationUnreachable)
	f.Accept(ipv6.ICMPTypeTimeExceeded)
	return c.IPv6PacketConn().SetICMPFilter(&f)
}

func send4(c *icmp.PacketConn, b []byte, from, to netip.Addr) error {
	var cm *ipv4.ControlMessage
	if from.IsValid() {
		cm = &ipv4.ControlMessage{Src: from.AsSlice()}
	}
	_, err := c.IPv4PacketConn().WriteTo(b, cm, &net.IPAddr{IP: to.AsSlice()})
	return err
}

func send6(c *icmp.PacketConn, b []byte, from, to netip.Addr) error {
	var cm *ipv6.ControlMessage
	if from.IsValid() {
		cm = &ipv6.ControlMessage{Src: from.AsSlice()}
	}
	_, err := c.IPv6PacketConn().WriteTo(b, cm, &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()})
	return err
}

func inner4(b []byte) []byte {
	if len(b) < ipv4.HeaderLen || b[9] != 1 {
		return nil
	}
	return b[min(int(b[0]&15)*4, len(b)):]
}

func inner6(b []byte) []byte {
	if len(b) < ipv6.HeaderLen || b[6] != 58 {
		return nil
	}
	return b[ipv6.HeaderLen:]
}

// quoted is the sequence number of the echo that an error is about, and whether it is one of id's.
func (f family) quoted(body icmp.MessageBody, id int) (seq int, mine bool) {
	var packet []byte
	switch e := body.(type) {
	case *icmp.DstUnreach:
		packet = e.Data
	case *icmp.TimeExceeded:
		packet = e.Data
	}
	b := f.inner(packet)
	if len(b) < 8 || int(binary.BigEndian.Uint16(b[4:])) != id {
		return 0, false
	}
	return int(binary.BigEndian.Uint16(b[6:])), true
}

func unreachable4(m *icmp.Message) string {
	switch {
	case m.Type == ipv4.ICMPTypeTimeExceeded:
		return "time exceeded on the way: a loop?"
	case m.Type != ipv4.ICMPTypeDestinationUnreachable:
		return ""
	case m.Code == 0:
		return "network unreachable"
	case m.Code == 9, m.Code == 10, m.Code == 13: // RFC 1812, section 5.2.7.1
		return "prohibited by a filter"
	}
	return "host unreachable"
}

func unreachable6(m *icmp.Message) string {
	switch {
	case m.Type == ipv6.ICMPTypeTimeExceeded:
		return "time exceeded on the way: a loop?"
	case m.Type != ipv6.ICMPTypeDestinationUnreachable:
		return ""
	case m.Code == 0:
		return "no route"
	case m.Code == 1, m.Code == 5, m.Code == 6: // RFC 4443, section 3.1
		return "prohibited by a filter"
	}
	return "address unreachable"
}
