package pair

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Segment is a switch, or several side by side, with nodes on it. Interface ethN of every node is on switch N.
type Segment struct {
	Nodes []*Node
	hub   netns.NsHandle
	links *netlink.Handle
}

// NewSegment makes the nodes with the given names and connects each to all switches. Close ends it.
func NewSegment(switches int, names ...string) (*Segment, error) {
	hub, err := newNamespace()
	if err != nil {
		return nil, err
	}
	s := &Segment{hub: hub}
	if s.links, err = netlink.NewHandleAt(hub); err != nil {
		return nil, errors.Join(fmt.Errorf("open netlink: %w", err), s.Close())
	}
	err = s.build(switches, names)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Segment) build(switches int, names []string) error {
	for _, name := range names {
		node, err := newNode(name)
		if err != nil {
			return err
		}
		s.Nodes = append(s.Nodes, node)
	}
	for i := range switches {
		if err := s.addSwitch(i); err != nil {
			return err
		}
	}
	return nil
}

// addSwitch makes bridge i with a port to every node.
func (s *Segment) addSwitch(i int) error {
	flood := false // without snooping, which would wait for MLD reports before ff02::12 passes
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName(i)}, MulticastSnooping: &flood}
	if err := s.links.LinkAdd(bridge); err != nil {
		return fmt.Errorf("add bridge %s: %w", bridge.Name, err)
	}
	if err := s.links.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("set bridge %s up: %w", bridge.Name, err)
	}
	for place, node := range s.Nodes {
		if err := s.connect(node, place, i, bridge); err != nil {
			return fmt.Errorf("connect %s: %w", node.Name, err)
		}
	}
	return nil
}

func (s *Segment) connect(node *Node, place, i int, bridge netlink.Link) error {
	attrs := netlink.LinkAttrs{Name: port(place, i), MasterIndex: bridge.Attrs().Index}
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: Interface(i), PeerNamespace: netlink.NsFd(node.ns)}
	if err := s.links.LinkAdd(veth); err != nil {
		return err
	}
	if err := s.links.LinkSetUp(veth); err != nil {
		return err
	}
	return node.setUp(i, netip.PrefixFrom(Address(place, i), 24))
}

// Part takes the cable of a node out of switch i and leaves it plugged into nothing that hears: the node notices no loss of its link.
func (s *Segment) Part(place, i int) error {
	return s.recable(place, i, s.links.LinkSetNoMaster)
}

// Join undoes Part.
func (s *Segment) Join(place, i int) error {
	bridge, err := s.links.LinkByName(bridgeName(i))
	if err != nil {
		return fmt.Errorf("find switch %d: %w", i, err)
	}
	return s.recable(place, i, func(l netlink.Link) error { return s.links.LinkSetMasterByIndex(l, bridge.Attrs().Index) })
}

func (s *Segment) recable(place, i int, change func(netlink.Link) error) error {
	link, err := s.links.LinkByName(port(place, i))
	if err == nil {
		err = change(link)
	}
	if err != nil {
		return fmt.Errorf("change the cable of %s: %w", s.Nodes[place].Name, err)
	}
	return nil
}

func bridgeName(i int) string { return fmt.Sprintf("br%d", i) }

// port is the name of the switch's end of a cable.
func port(place, i int) string { return fmt.Sprintf("port%d.%d", place, i) }

// Interface is the name of a node's interface to switch i.
func Interface(i int) string { return fmt.Sprintf("eth%d", i) }

// Address is that of the node at a place (0 for the first) on switch i; RFC 2544 reserves the network for such tests.
func Address(place, i int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte(i), byte(11 + place)})
}

// Received is how many packets all nodes have sent into switch i.
func (s *Segment) Received(place, i int) (uint64, error) {
	link, err := s.links.LinkByName(port(place, i))
	if err != nil {
		return 0, fmt.Errorf("find the port of %s: %w", s.Nodes[place].Name, err)
	}
	return link.Attrs().Statistics.RxPackets, nil
}

// Close takes the switches and the nodes away.
func (s *Segment) Close() error {
	if s.links != nil {
		s.links.Close()
	}
	err := s.hub.Close()
	for _, n := range s.Nodes {
		err = errors.Join(err, n.close())
	}
	return err
}
