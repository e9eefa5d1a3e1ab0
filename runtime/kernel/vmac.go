package kernel

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// VirtualMAC is 00-00-5E-00-01-VRID, or 00-00-5E-00-02-VRID of IPv6 (RFC 9568, section 7.3).
func VirtualMAC(routerID uint8, family spec.Family) MAC {
	group := byte(1)
	if family == spec.IPv6 {
		group = 2
	}
	return MAC{0, 0, 0x5e, 0, group, routerID}
}

// VMACName is the interface of a virtual MAC, as FRR calls it: vrrp4-PARENT-VRID, with the index of the parent.
func VMACName(parent Link, routerID uint8, family spec.Family) string {
	return fmt.Sprintf("vrrp%d-%d-%d", family, parent.Index, routerID)
}

// MakeVMAC makes, or finds, the interface that holds the addresses of a virtual router with its virtual MAC: a macvlan on parent without
// an address of its own. A new one is down, and the master sets it up before its first advertisement (SetUp): while it is down, frames to
// the virtual MAC are discarded and nothing is sent from it, as a backup has to (RFC 9568, section 6.4.2; V55). It is private: two virtual
// routers on one parent have nothing to say to each other.
func (l *Links) MakeVMAC(parent string, routerID uint8, family spec.Family) (Link, error) {
	made, err := l.makeVMAC(parent, routerID, family)
	if err != nil {
		return Link{}, fmt.Errorf("make virtual MAC %s on %s: %w", VirtualMAC(routerID, family), parent, err)
	}
	return made, nil
}

func (l *Links) makeVMAC(parent string, routerID uint8, family spec.Family) (Link, error) {
	below, err := l.Link(parent)
	if err != nil {
		return Link{}, err
	}
	name, mac := VMACName(below, routerID, family), VirtualMAC(routerID, family)
	found, err := l.Link(name)
	if errors.Is(err, unix.ENODEV) {
		err = addMacvlan(below, name, mac)
	} else if err == nil && (found.MAC != mac || found.Parent != below.Index) {
		err = fmt.Errorf("interface %s is there and is not ours: its MAC is %s", name, found.MAC)
	}
	if err == nil {
		err = tuneVMAC(parent, name, family)
	}
	if err != nil {
		return Link{}, err
	}
	return l.Link(name)
}

func addMacvlan(below Link, name string, mac MAC) error {
	return netlink.LinkAdd(&netlink.Macvlan{
		LinkAttrs: netlink.LinkAttrs{Name: name, ParentIndex: below.Index, MTU: below.MTU, HardwareAddr: net.HardwareAddr(mac[:])},
		Mode:      netlink.MACVLAN_MODE_PRIVATE,
	})
}

// RemoveVMAC deletes it, and with it the addresses it has. It is no error when there is none.
func (l *Links) RemoveVMAC(parent string, routerID uint8, family spec.Family) error {
	below, err := l.Link(parent)
	if errors.Is(err, unix.ENODEV) {
		return nil // it went with its parent
	}
	if err != nil {
		return err
	}
	name := VMACName(below, routerID, family)
	found, err := l.Link(name)
	if err == nil && found.MAC == VirtualMAC(routerID, family) {
		err = netlink.LinkDel(&netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: found.Index}})
	}
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove virtual MAC %s: %w", name, err)
	}
	return nil
}
