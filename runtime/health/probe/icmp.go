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
	inner          func(quoted []byte) (to, message []byte) // destination and ICMP message of the packet that an error quotes; nil if it is none
	unreachable    func(*icmp.Message) string               // what an error says, for people; "" if it says nothing
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

func inner4(b []byte) (to, message []byte) {
	if len(b) < ipv4.HeaderLen || b[9] != 1 {
		return nil, nil
	}
	return b[16:20], b[min(int(b[0]&15)*4, len(b)):]
}

func inner6(b []byte) (to, message []byte) {
	if len(b) < ipv6.HeaderLen || b[6] != 58 {
		return nil, nil
	}
	return b[24:40], b[ipv6.HeaderLen:]
}

// quote is the echo that an error is about.
type quote struct {
	id, seq int
	to      netip.Addr
	token   []byte // as much of it as is quoted, which may be none
}

// of says whether a ping sent it. Its number alone can be guessed, and a server that is pinged knows the id: it could speak for others.
func (q quote) of(w *waiter) bool {
	return q.to == w.to.WithZone("") && (len(q.token) < len(w.token) || string(q.token[:len(w.token)]) == string(w.token[:]))
}

// quoted is the echo in an error; false where there is none.
func (f family) quoted(body icmp.MessageBody) (quote, bool) {
	var packet []byte
	switch e := body.(type) {
	case *icmp.DstUnreach:
		packet = e.Data
	case *icmp.TimeExceeded:
		packet = e.Data
	}
	to, b := f.inner(packet)
	addr, is := netip.AddrFromSlice(to)
	if !is || len(b) < 8 {
		return quote{}, false
	}
	return quote{id: int(binary.BigEndian.Uint16(b[4:])), seq: int(binary.BigEndian.Uint16(b[6:])), to: addr, token: b[8:]}, true
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
