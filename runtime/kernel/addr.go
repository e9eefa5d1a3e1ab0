package kernel

import (
	"net/netip"
)

// ProtoVRRP tags the addresses, routes and rules that the engine put there: the number of its protocol. Linux keeps the tag of an address
// since 5.18, and before ignores it.
const ProtoVRRP = 112

// InterfaceAddress is an address to put on an interface.
type InterfaceAddress struct {
	IfIndex   int
	Prefix    netip.Prefix
	Label     string     // of IPv4, at most 15 bytes; "" is the interface's name
	Scope     string     // global, site, link or host
	Broadcast netip.Addr // of IPv4; zero is none
}

// LiveAddress is an address that an interface has.
type LiveAddress struct {
	InterfaceAddress
	Proto     uint8 // who put it there: ProtoVRRP is us; 0 is not known
	Secondary bool  // of IPv4: not the first of its network
	Tentative bool  // of IPv6: duplicate address detection is not done, or failed
}

// AddAddresses puts addresses on their interfaces, packed into few system calls. Errors are in the order of as, nil where it went well;
// unix.EEXIST: the interface has the address already.
func (l *Links) AddAddresses(as []InterfaceAddress) []error { return make([]error, len(as)) }

// DelAddresses takes addresses away, last first. unix.EADDRNOTAVAIL: it was not there.
func (l *Links) DelAddresses(as []InterfaceAddress) []error { return make([]error, len(as)) }

// Addresses lists those of an interface, of all for index 0, in the kernel's order.
func (l *Links) Addresses(ifindex int) ([]LiveAddress, error) { return nil, nil }

// PrimaryIPv4 is the interface's first address that is none of ours: the source of advertisements (RFC 9568, section 7.2). Zero: none.
func (l *Links) PrimaryIPv4(ifindex int) (netip.Addr, error) { return netip.Addr{}, nil }

// LinkLocal is the interface's IPv6 link-local address, without zone, that is none of ours and may be sent from. Zero: none yet.
func (l *Links) LinkLocal(ifindex int) (netip.Addr, error) { return netip.Addr{}, nil }

// PromoteSecondaries lets the other IPv4 addresses of a network live on when the first is taken from the interface. It is called once
// before addresses are put on an interface: without it, releasing ours would take along those of others.
func PromoteSecondaries(iface string) error { return nil }
