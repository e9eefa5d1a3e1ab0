package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"golang.org/x/sys/unix"
)

// Frame is an Ethernet frame to announce an address with; it is built once and sent often.
type Frame struct {
	IfIndex int
	Bytes   []byte
}

// GratuitousARP announces an IPv4 address with a broadcast request whose sender and target it is (RFC 5227, section 3; RFC 9568, section
// 6.4.2). The MAC is that of the interface, or the virtual one.
func GratuitousARP(ifindex int, mac MAC, addr netip.Addr) (Frame, error) {
	// The target's hardware address is left zero, as a request does not know it.
	p, err := arp.NewPacket(arp.OperationRequest, mac[:], addr, make([]byte, len(mac)), addr)
	if err != nil {
		return Frame{}, fmt.Errorf("gratuitous ARP for %s: %w", addr, err)
	}
	payload, err := p.MarshalBinary()
	if err != nil {
		return Frame{}, fmt.Errorf("gratuitous ARP for %s: %w", addr, err)
	}
	frame := ethernet.Frame{Destination: ethernet.Broadcast, Source: mac[:], EtherType: ethernet.EtherTypeARP, Payload: payload}
	b, err := frame.MarshalBinary()
	return Frame{IfIndex: ifindex, Bytes: b}, err
}

// Addresses of all nodes of a link (RFC 4291, section 2.7.1; RFC 2464, section 7).
var (
	allNodes    = netip.MustParseAddr("ff02::1")
	allNodesMAC = MAC{0x33, 0x33, 0, 0, 0, 1}
)

// Of a neighbour advertisement (RFC 4861, sections 4.4 and 4.6.1).
const (
	neighborAdvert = 136
	flagRouter     = 0x80
	flagOverride   = 0x20
	targetMAC      = 2 // option; its length counts 8 bytes
	advertSize     = 24 + 8
)

// NeighborAdvert announces an IPv6 address to all nodes, unsolicited and overriding, with its MAC (RFC 9568, section 6.4.2; RFC 4861,
// section 4.4; V57). router: this host forwards, see Forwards.
func NeighborAdvert(ifindex int, mac MAC, addr netip.Addr, router bool) (Frame, error) {
	if !addr.Is6() || addr.Is4In6() || addr.IsMulticast() || addr.IsUnspecified() {
		return Frame{}, fmt.Errorf("neighbour advertisement for %s: %w", addr, errors.New("not an IPv6 unicast address"))
	}
	flags := byte(flagOverride)
	if router {
		flags |= flagRouter
	}
	source, to := addr.As16(), allNodes.As16()
	icmp := append([]byte{neighborAdvert, 0, 0, 0, flags, 0, 0, 0}, source[:]...)
	icmp = append(append(icmp, targetMAC, 1), mac[:]...)
	binary.BigEndian.PutUint16(icmp[2:], icmpSum(source, to, icmp))

	b := append(append(allNodesMAC[:len(mac):len(mac)], mac[:]...), 0x86, 0xdd)
	// Version 6, payload length, ICMPv6, and the hop limit that proves that no router was between (RFC 4861, section 7.1.2).
	b = append(b, 0x60, 0, 0, 0, 0, advertSize, unix.IPPROTO_ICMPV6, 255)
	b = append(append(append(b, source[:]...), to[:]...), icmp...)
	return Frame{IfIndex: ifindex, Bytes: b}, nil
}

// icmpSum is the checksum of an ICMPv6 message with its pseudo-header (RFC 4443, section 2.3; RFC 8200, section 8.1).
func icmpSum(source, to [16]byte, message []byte) uint16 {
	sum := uint32(len(message)) + unix.IPPROTO_ICMPV6
	for _, part := range [][]byte{source[:], to[:], message} {
		for i := 0; i < len(part); i += 2 {
			sum += uint32(part[i])<<8 | uint32(part[i+1])
		}
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// Forwards says whether the interface forwards IPv6, which is the router flag of its neighbour advertisements.
func Forwards(iface string) (bool, error) {
	key := interfaceKey("ipv6", iface, "forwarding")
	v, err := readSysctl(key)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", key, err)
	}
	return v != "0", nil
}
