package kernel

import "errors"

// MAC is an Ethernet address; comparable.
type MAC [6]byte

// Link is a network interface.
type Link struct {
	Index   int
	Name    string
	MAC     MAC  // zero: not Ethernet
	Up      bool // set up by the administrator
	Running bool // and has a carrier
	MTU     int  // bytes
	Parent  int  // index of the interface below a VLAN, macvlan or the like; 0: none
}

// Links is a handle on addresses, routes, rules and interfaces of the network namespace of the thread that opened it. Its methods belong
// to one goroutine.
type Links struct{}

// OpenLinks opens the handle. Reading needs no privilege, changing needs CAP_NET_ADMIN (unix.EPERM).
func OpenLinks() (*Links, error) { return nil, errors.ErrUnsupported }

// Close lets go of the handle; what was changed stays.
func (l *Links) Close() error { return nil }

// Link finds an interface. The error wraps unix.ENODEV when there is none.
func (l *Links) Link(name string) (Link, error) { return Link{}, nil }

// All lists the interfaces.
func (l *Links) All() ([]Link, error) { return nil, nil }
