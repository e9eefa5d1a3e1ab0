package engine

import (
	"context"
	"errors"
	"net/netip"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// parts are what the engine works on: the kernel, or a test's stand-in for it.
type parts struct {
	addresses addresses
	routes    routes
	links     links
	vmacs     vmacs
	watcher   watcher
	announcer announcer
	wire      func(kernel.AdvertOptions) (wire, error)
	daemons   func() (daemons, error) // opened when a sync role is to be followed: IPVS may be missing
}

// addresses are those of interfaces (kernel.Links).
type addresses interface {
	AddAddresses([]kernel.InterfaceAddress) []error
	DelAddresses([]kernel.InterfaceAddress) []error
	Addresses(ifindex int) ([]kernel.LiveAddress, error)
}

// routes are routes and rules (kernel.Links).
type routes interface {
	AddRoutes(spec.Rows[spec.RouteKey, spec.Route]) []error
	DelRoutes(spec.Rows[spec.RouteKey, spec.Route]) []error
	Routes() (spec.Rows[spec.RouteKey, spec.Route], error)
	AddRules(spec.Rows[spec.RuleKey, spec.Rule]) []error
	DelRules(spec.Rows[spec.RuleKey, spec.Rule]) []error
	Rules() ([]spec.Rule, error)
}

// links are interfaces (kernel.Links).
type links interface {
	Link(name string) (kernel.Link, error)
	PrimaryIPv4(ifindex int) (netip.Addr, error)
	LinkLocal(ifindex int) (netip.Addr, error)
	Close() error
}

// vmacs are the interfaces of virtual MACs (kernel.Links).
type vmacs interface {
	MakeVMAC(parent string, routerID uint8, family spec.Family) (kernel.Link, error)
	RemoveVMAC(parent string, routerID uint8, family spec.Family) error
	SetUp(ifindex int, up bool) error
}

// watcher hears of changes to links and addresses (kernel.Watcher).
type watcher interface {
	FD() int
	Drain(func(kernel.LinkEvent), func(kernel.AddressEvent)) error
	Close() error
}

// announcer sends frames (kernel.Announcer).
type announcer interface {
	Burst([]kernel.Frame) (int, error)
	Close() error
}

// wire is a socket for advertisements (kernel.AdvertSocket). None of its methods blocks.
type wire interface {
	FD() int
	Receive([]kernel.AdvertDatagram) (int, error)
	Send([]kernel.AdvertPacket) (int, error)
	Close() error
}

// daemons are the connection sync daemons (kernel.Kernel).
type daemons interface {
	Daemons(context.Context) (spec.Rows[spec.Role, spec.Daemon], error)
	StartDaemon(context.Context, spec.Role, spec.Daemon) error
	StopDaemon(context.Context, spec.Role) error
	Close() error
}

// openParts opens the kernel of the caller's network namespace.
func openParts() (p parts, err error) {
	l, err := kernel.OpenLinks()
	if err != nil {
		return p, err
	}
	p = parts{addresses: l, routes: l, links: l, vmacs: l}
	p.wire, p.daemons = openWire, openDaemons
	w, err := kernel.OpenWatcher()
	if err != nil {
		return p, errors.Join(err, l.Close())
	}
	p.watcher = w
	a, err := kernel.OpenAnnouncer()
	if err != nil {
		return p, errors.Join(err, w.Close(), l.Close())
	}
	p.announcer = a
	return p, nil
}

// openWire has a nil interface beside an error: one around a nil pointer would count as a socket.
func openWire(o kernel.AdvertOptions) (wire, error) {
	s, err := kernel.OpenAdvertSocket(o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// openDaemons has a nil interface beside an error, as openWire.
func openDaemons() (daemons, error) {
	k, err := kernel.Open(kernel.Options{})
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (p parts) close() error {
	return errors.Join(p.announcer.Close(), p.watcher.Close(), p.links.Close())
}
