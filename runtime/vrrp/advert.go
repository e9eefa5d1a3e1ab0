package vrrp

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Advert is an advertisement: the VRRP message behind the IP header (RFC 9568, section 5.1; RFC 3768, section 5.1).
type Advert struct {
	Version  uint8 // 2 or 3
	RouterID uint8
	Priority uint8         // 0: the Active router stops
	Interval time.Duration // version 2: whole seconds, 1..255; version 3: steps of 10 ms, 1..4095 of them
	Sum      Sum           // version 3 over IPv4; parsed: which of the two matched
	Notes    Notes         // parsed only: what is odd and no reason to drop
	AuthType uint8         // version 2
	Auth     [8]byte       // version 2 with AuthPass, padded with zeros
	Addrs    []netip.Addr  // 1..255 of one family, in the order of SortAddrs
}

// Authentication types of version 2. AuthPass is clear text (RFC 2338); RFC 3768 removed it, keepalived still has it.
const (
	AuthNone = 0
	AuthPass = 1
)

// Sum is the checksum of version 3 over IPv4. Version 2 has the plain one, IPv6 always the pseudo header.
type Sum uint8

// SumPlain covers the message only (RFC 9568, section 5.2.8); SumPseudo also the pseudo header, as keepalived and FRR send it.
const (
	SumPlain Sum = iota
	SumPseudo
)

// Notes are oddities of an accepted advertisement, to be counted and logged.
type Notes uint8

// The notes.
const (
	IntervalDiffers Notes = 1 << iota // version 3; the interval of the Active router counts
	AddressesDiffer                   // dropping it would give two Active routers while a change of addresses is rolled out
	OwnerHeardOther                   // we own the addresses and somebody else advertises (erratum 8298)
	TwoOwners                         // we own the addresses and so does the sender (RFC 9568, section 8.3.2)
)

const (
	headerSize = 8
	authSize   = 8 // version 2
	typeAdvert = 1
	protocol   = 112
	centi      = 10 * time.Millisecond
	maxCenti   = 4095 // 12 bits
)

// Check says what AppendAdvert could not encode.
func (a *Advert) Check() error {
	switch {
	case a.Version != 2 && a.Version != 3:
		return fmt.Errorf("encode advertisement: version %d: only 2 and 3 exist", a.Version)
	case a.RouterID == 0:
		return fmt.Errorf("encode advertisement: virtual router id 0: 1 to 255 are possible")
	case len(a.Addrs) == 0 || len(a.Addrs) > 255:
		return fmt.Errorf("encode advertisement: %d addresses: 1 to 255 are possible; further ones can be held without being advertised", len(a.Addrs))
	case a.Version == 2 && (a.Interval < time.Second || a.Interval > 255*time.Second || a.Interval%time.Second != 0):
		return fmt.Errorf("encode advertisement: interval %s: version 2 has whole seconds from 1 to 255", a.Interval)
	case a.Version == 3 && (a.Interval < centi || a.Interval > maxCenti*centi || a.Interval%centi != 0):
		return fmt.Errorf("encode advertisement: interval %s: version 3 has steps of 10ms up to 40.95s", a.Interval)
	}
	return a.checkAddrs()
}

func (a *Advert) checkAddrs() error {
	six := a.Addrs[0].Is6()
	for _, addr := range a.Addrs {
		if !addr.IsValid() || addr.Is4In6() || addr.Zone() != "" || addr.Is6() != six {
			return fmt.Errorf("encode advertisement: address %s: all have to be of one family and without zone", addr)
		}
	}
	if six && a.Version == 2 {
		return fmt.Errorf("encode advertisement: address %s: version 2 has IPv4 only", a.Addrs[0])
	}
	if six && !a.Addrs[0].IsLinkLocalUnicast() {
		return fmt.Errorf("encode advertisement: first address %s: IPv6 needs a link-local virtual address in front (RFC 9568, section 5.2.9)", a.Addrs[0])
	}
	return nil
}

// SortAddrs puts addresses into the order that all routers send: link-local ones first, then by value (RFC 9568, section 5.2.9).
func SortAddrs(addrs []netip.Addr) {
	slices.SortFunc(addrs, func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Compare(b))
	})
}

func rank(a netip.Addr) int {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return 0
	}
	return 1
}
