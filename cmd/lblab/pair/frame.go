package pair

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Kind is what a frame is for.
type Kind uint8

// The kinds that are kept.
const (
	Advert   Kind = iota + 1
	Announce      // gratuitous ARP or unsolicited neighbor advertisement
)

// Frame is a VRRP advertisement or the announcement of an address, as it came out of a node.
type Frame struct {
	At       time.Time // when the kernel took it from the sender
	Kind     Kind
	Place    int        // of the node on the segment
	Addr     netip.Addr // the advertisement's source, or the address announced
	Version  uint8
	RouterID uint8
	Priority uint8
}

const (
	etherIPv4, etherARP, etherIPv6   = 0x0800, 0x0806, 0x86dd
	protocolVRRP, protocolICMPv6     = 112, 58
	neighborAdvertisement            = 136
	etherHeader, ipv6Header, arpSize = 14, 40, 28
)

// parseFrame reads just what Frame has. It is no codec: what the engine says of its own packets is checked by other eyes here.
func parseFrame(b []byte) (Frame, bool) {
	if len(b) < etherHeader {
		return Frame{}, false
	}
	body := b[etherHeader:]
	switch binary.BigEndian.Uint16(b[12:]) {
	case etherIPv4:
		return parseIPv4(body)
	case etherIPv6:
		return parseIPv6(body)
	case etherARP:
		return parseARP(body)
	}
	return Frame{}, false
}

func parseIPv4(b []byte) (Frame, bool) {
	if len(b) < 20 || b[9] != protocolVRRP {
		return Frame{}, false
	}
	header := int(b[0]&15) * 4
	return parseAdvert(b[min(header, len(b)):], netip.AddrFrom4([4]byte(b[12:16])))
}

func parseIPv6(b []byte) (Frame, bool) {
	if len(b) < ipv6Header {
		return Frame{}, false
	}
	src, rest := netip.AddrFrom16([16]byte(b[8:24])), b[ipv6Header:]
	switch {
	case b[6] == protocolVRRP:
		return parseAdvert(rest, src)
	case b[6] == protocolICMPv6 && len(rest) >= 24 && rest[0] == neighborAdvertisement && rest[4]&0x40 == 0: // not solicited
		return Frame{Kind: Announce, Addr: netip.AddrFrom16([16]byte(rest[8:24]))}, true
	}
	return Frame{}, false
}

func parseAdvert(b []byte, src netip.Addr) (Frame, bool) {
	if len(b) < 8 || b[0]&15 != 1 {
		return Frame{}, false
	}
	return Frame{Kind: Advert, Addr: src, Version: b[0] >> 4, RouterID: b[1], Priority: b[2]}, true
}

func parseARP(b []byte) (Frame, bool) {
	if len(b) < arpSize || [4]byte(b[14:18]) != [4]byte(b[24:28]) {
		return Frame{}, false
	}
	return Frame{Kind: Announce, Addr: netip.AddrFrom4([4]byte(b[14:18]))}, true
}
