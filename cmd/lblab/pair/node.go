package pair

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/lbsync/lbsync/spec"
)

// Node is a machine on the segment: a network namespace.
type Node struct {
	Name  string
	ns    netns.NsHandle
	links *netlink.Handle
}

func newNode(name string) (*Node, error) {
	ns, err := newNamespace()
	if err != nil {
		return nil, err
	}
	links, err := netlink.NewHandleAt(ns)
	if err != nil {
		_ = ns.Close()
		return nil, fmt.Errorf("open netlink of %s: %w", name, err)
	}
	n := &Node{name, ns, links}
	lo, err := links.LinkByName("lo")
	if err == nil {
		err = links.LinkSetUp(lo)
	}
	if err != nil {
		return nil, fmt.Errorf("set lo of %s up: %w", name, err)
	}
	return n, nil
}

func (n *Node) setUp(i int, own netip.Prefix) error {
	link, err := n.links.LinkByName(Interface(i))
	if err != nil {
		return err
	}
	if err := n.links.LinkSetUp(link); err != nil {
		return err
	}
	addr, err := netlink.ParseAddr(own.String())
	if err != nil {
		return err
	}
	return n.links.AddrAdd(link, addr)
}

// Link sets interface i up or down: down is a pulled cable, for the node and for nobody else.
func (n *Node) Link(i int, up bool) error {
	link, err := n.links.LinkByName(Interface(i))
	if err != nil {
		return fmt.Errorf("find interface of %s: %w", n.Name, err)
	}
	set := n.links.LinkSetDown
	if up {
		set = n.links.LinkSetUp
	}
	if err := set(link); err != nil {
		return fmt.Errorf("set %s of %s: %w", Interface(i), n.Name, err)
	}
	return nil
}

// Remove takes an address off interface i, as a person with ip addr del would.
func (n *Node) Remove(i int, p netip.Prefix) error {
	link, err := n.links.LinkByName(Interface(i))
	if err != nil {
		return fmt.Errorf("find interface of %s: %w", n.Name, err)
	}
	addr, err := netlink.ParseAddr(p.String())
	if err != nil {
		return err
	}
	if err := n.links.AddrDel(link, addr); err != nil {
		return fmt.Errorf("remove %s from %s: %w", p, n.Name, err)
	}
	return nil
}

// Holds tells whether the address is on an interface of the node.
func (n *Node) Holds(a netip.Addr) (bool, error) {
	list, err := n.links.AddrList(nil, netlink.FAMILY_ALL)
	for errors.Is(err, netlink.ErrDumpInterrupted) { // the list changed while it was read
		list, err = n.links.AddrList(nil, netlink.FAMILY_ALL)
	}
	if err != nil {
		return false, fmt.Errorf("list addresses of %s: %w", n.Name, err)
	}
	for _, have := range list {
		if ip, ok := netip.AddrFromSlice(have.IP); ok && ip.Unmap() == a {
			return true, nil
		}
	}
	return false, nil
}

// Listens tells whether somebody on the node has a raw socket for VRRP, and so hears what is advertised from now on.
func (n *Node) Listens(f spec.Family) (bool, error) {
	file := "/proc/thread-self/net/raw"
	if f == spec.IPv6 {
		file += "6"
	}
	var text []byte
	err := Inside(n.ns, func() (err error) {
		text, err = os.ReadFile(file)
		return err
	})
	// The second column is address:protocol, in hexadecimal.
	return strings.Contains(string(text), ":0070 "), err
}

func (n *Node) close() error {
	n.links.Close()
	return n.ns.Close()
}
