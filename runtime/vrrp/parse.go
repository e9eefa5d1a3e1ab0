package vrrp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

// Expect is what an instance takes from the wire (RFC 9568, section 7.1; RFC 3768, section 7.1).
type Expect struct {
	Version, RouterID uint8
	IPv6              bool
	Owner             bool          // we own the addresses
	Interval          time.Duration // version 2 drops others, version 3 notes them
	Source            netip.Addr    // own: its packets are loops
	Unicast           bool
	Peers             []netip.Addr // unicast: whose packets are taken
	TTLMin, TTLMax    uint8        // unicast; multicast takes 255 only
	AuthType          uint8        // version 2
	Auth              [8]byte
	Addrs             []netip.Addr // own list, to note differences
}

// Origin is what the IP header says of a message.
type Origin struct {
	Src, Dst netip.Addr
	TTL      uint8 // or hop limit
}

// RouterOf reads the virtual router id of a message, by which its instance is found; false if there is none.
func RouterOf(msg []byte) (id uint8, ok bool) {
	if len(msg) < headerSize {
		return 0, false
	}
	return msg[1], true
}

// ParseAdvert reads an advertisement into a, whose address list it reuses. If it is dropped, the rest of a means nothing.
func ParseAdvert(a *Advert, msg []byte, from Origin, want *Expect) Reason {
	if r := want.delivery(from); r != Accepted {
		return r
	}
	if r := want.header(msg); r != Accepted {
		return r
	}
	sum, ok := want.checksum(msg, from)
	if !ok {
		return WrongChecksum
	}
	*a = Advert{Version: want.Version, RouterID: msg[1], Priority: msg[2], Sum: sum, Addrs: want.addrs(a.Addrs[:0], msg)}
	if r := want.interval(a, msg); r != Accepted {
		return r
	}
	if want.IPv6 && !a.Addrs[0].IsLinkLocalUnicast() {
		return NotLinkLocal
	}
	a.Notes |= want.notes(a)
	return Accepted
}

// delivery checks the way a packet came.
func (e *Expect) delivery(from Origin) Reason {
	src := from.Src.WithZone("")
	low, high := uint8(255), uint8(255)
	if e.Unicast {
		low, high = e.TTLMin, e.TTLMax
	}
	switch {
	case src == e.Source:
		return Looped
	case from.TTL < low || from.TTL > high:
		return WrongTTL
	case from.Dst.IsMulticast() == e.Unicast:
		return WrongDelivery
	case e.Unicast && !slices.Contains(e.Peers, src):
		return UnknownPeer
	}
	return Accepted
}

// header checks the fixed part and the length. An exact length is asked for, as FRR and keepalived do.
func (e *Expect) header(msg []byte) Reason {
	if len(msg) < headerSize {
		return TooShort
	}
	size := headerSize + int(msg[3])*e.addrSize()
	if e.Version == 2 {
		size += authSize
	}
	switch {
	case msg[0]>>4 != e.Version:
		return WrongVersion
	case msg[0]&0xf != typeAdvert:
		return WrongType
	case msg[1] != e.RouterID:
		return UnknownRouter
	case msg[3] == 0:
		return NoAddresses
	case len(msg) < size:
		return Truncated
	case len(msg) > size:
		return TooLong
	}
	return Accepted
}

func (e *Expect) addrSize() int {
	if e.IPv6 {
		return 16
	}
	return 4
}

// checksum says which of the sums is right. A sum over a message with its own checksum in it is all ones.
func (e *Expect) checksum(msg []byte, from Origin) (Sum, bool) {
	plain := sumWords(0, msg)
	if !e.IPv6 && fold(plain) == 0xffff {
		return SumPlain, true
	}
	if e.Version == 3 && fold(sumPseudo(plain, from.Src, from.Dst, len(msg))) == 0xffff {
		return SumPseudo, true
	}
	return SumPlain, false
}

func (e *Expect) addrs(into []netip.Addr, msg []byte) []netip.Addr {
	for at := headerSize; len(into) < int(msg[3]); at += e.addrSize() {
		addr, _ := netip.AddrFromSlice(msg[at : at+e.addrSize()])
		into = append(into, addr)
	}
	return into
}

// interval reads the two bytes that the versions use differently, and the trailer of version 2.
func (e *Expect) interval(a *Advert, msg []byte) Reason {
	if e.Version == 3 {
		a.Interval = time.Duration(binary.BigEndian.Uint16(msg[4:])&maxCenti) * centi
		if a.Interval == 0 {
			return NoInterval
		}
		return Accepted
	}
	a.AuthType, a.Interval = msg[4], time.Duration(msg[5])*time.Second
	if a.AuthType == AuthPass {
		copy(a.Auth[:], msg[len(msg)-authSize:])
	}
	switch {
	case a.AuthType != e.AuthType:
		return WrongAuthType
	case a.Auth != e.Auth:
		return WrongPassword
	case a.Interval == 0:
		return NoInterval
	case a.Interval != e.Interval:
		return WrongInterval
	}
	return Accepted
}

// notes compares with our own settings.
func (e *Expect) notes(a *Advert) (n Notes) {
	if a.Interval != e.Interval {
		n |= IntervalDiffers
	}
	if !sameAddrs(a.Addrs, e.Addrs) {
		n |= AddressesDiffer
	}
	if e.Owner {
		n |= OwnerHeardOther
		if a.Priority == priorityOwner {
			n |= TwoOwners
		}
	}
	return n
}

// sameAddrs leaves the order aside: keepalived sends that of its configuration file.
func sameAddrs(a, b []netip.Addr) bool {
	if slices.Equal(a, b) {
		return true
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, func(addr netip.Addr) bool { return !slices.Contains(b, addr) })
}
