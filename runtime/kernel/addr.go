package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// ProtoVRRP tags the addresses, routes and rules that the engine put there: the number of its protocol. Linux keeps the tag of an address
// since 5.18, and before ignores it.
const ProtoVRRP = 112

// InterfaceAddress is an address to put on an interface.
type InterfaceAddress struct {
	IfIndex   int
	Prefix    netip.Prefix
	Label     string     // of IPv4, at most 15 bytes; "" is the interface's name
	Scope     string     // global, site, link or host; of IPv6 the address itself decides
	Broadcast netip.Addr // of IPv4; zero is none
}

// LiveAddress is an address that an interface has. Its label is the interface's name where none was given.
type LiveAddress struct {
	InterfaceAddress
	Proto     uint8 // who put it there: ProtoVRRP is us; 0 is not known
	Tentative bool  // of IPv6: duplicate address detection is not done, or failed
}

// AddAddresses puts addresses on their interfaces, packed into few system calls. Errors are in the order of as, nil where it went well;
// unix.EEXIST: the interface has the address already, and unix.ENODEV: there is no such interface.
func (l *Links) AddAddresses(as []InterfaceAddress) []error {
	errs := l.socket.pack(len(as), func(i int) error {
		if err := addable(as[i]); err != nil {
			return err
		}
		l.socket.begin(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL).address(as[i])
		return nil
	})
	return naming(errs, func(i int) string { return "add address " + as[i].Prefix.String() })
}

func addable(a InterfaceAddress) error {
	if !a.Prefix.IsValid() {
		return errors.New("it is none")
	}
	if _, ok := scopes[a.Scope]; !ok {
		return fmt.Errorf("scope %q is none of global, site, link, host", a.Scope)
	}
	if a.Prefix.Addr().Is6() && (a.Label != "" || a.Broadcast.IsValid()) {
		return errors.New("IPv6 has neither labels nor broadcast addresses")
	}
	return nil
}

// DelAddresses takes addresses away, the last first: the first of a network is then taken when its secondaries are gone, which need not
// be promoted. Errors are in the order of as; unix.EADDRNOTAVAIL: it was not there.
func (l *Links) DelAddresses(as []InterfaceAddress) []error {
	errs := l.socket.pack(len(as), func(i int) error {
		l.socket.begin(unix.RTM_DELADDR, 0).addressHeader(as[len(as)-1-i], 0, 0)
		return nil
	})
	slices.Reverse(errs)
	return naming(errs, func(i int) string { return "remove address " + as[i].Prefix.String() })
}

// Addresses lists those of an interface, of all for index 0, in the kernel's order: IPv4 first.
func (l *Links) Addresses(ifindex int) (out []LiveAddress, err error) {
	err = settled(func() error {
		out = out[:0]
		for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
			if err := l.readAddresses(family, ifindex, func(a LiveAddress) { out = append(out, a) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list addresses of interface %d: %w", ifindex, err)
	}
	return out, nil
}

func (l *Links) readAddresses(family uint8, ifindex int, on func(LiveAddress)) error {
	m := l.socket.begin(unix.RTM_GETADDR, unix.NLM_F_DUMP)
	m.buf = binary.NativeEndian.AppendUint32(append(m.buf, family, 0, 0, 0), uint32(ifindex))
	m.end()
	return l.socket.ask(func(a answer) error {
		found, ok, err := decodeAddress(a.body)
		// A kernel without IPv6 answers with all the families it has.
		if ok && found.Prefix.Addr().Is4() == (family == unix.AF_INET) {
			on(found)
		}
		return err
	})
}

// PrimaryIPv4 is the interface's first address that is none of ours: the source of advertisements (RFC 9568, section 7.2). To the kernel
// it is a secondary one when one of ours was there before it. Zero: none.
func (l *Links) PrimaryIPv4(ifindex int) (netip.Addr, error) {
	return l.first(ifindex, func(a LiveAddress) bool { return a.Prefix.Addr().Is4() })
}

// LinkLocal is the interface's IPv6 link-local address, without zone, that is none of ours and may be sent from. Zero: none yet.
func (l *Links) LinkLocal(ifindex int) (netip.Addr, error) {
	return l.first(ifindex, func(a LiveAddress) bool {
		return a.Prefix.Addr().Is6() && a.Prefix.Addr().IsLinkLocalUnicast() && !a.Tentative
	})
}

func (l *Links) first(ifindex int, fits func(LiveAddress) bool) (netip.Addr, error) {
	all, err := l.Addresses(ifindex)
	for _, a := range all {
		if a.Proto != ProtoVRRP && fits(a) {
			return a.Prefix.Addr(), nil
		}
	}
	return netip.Addr{}, err
}

// PromoteSecondaries lets the other IPv4 addresses of a network live on when the first is taken from the interface. It is called once
// before addresses are put on an interface: without it, releasing ours would take along those of others.
func PromoteSecondaries(iface string) error {
	return setAll("ipv4", iface, []setting{{"promote_secondaries", "1"}})
}
