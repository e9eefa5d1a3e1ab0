// Package topology reads a short text file about nodes and the segments between them, and builds it of network namespaces.
//
// One statement per line; a line that begins with a blank continues the one before; # begins a comment.
//
//	segment front
//	node lb1    front=192.0.2.11/24 default=192.0.2.1
//	node rs1    front=192.0.2.21/24,2001:db8::21/64 lo=192.0.2.100/32
//	            sysctl net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
//	node client front=192.0.2.50/24 route=198.51.100.0/24@192.0.2.11
//	node sniff  front=none
//
// A segment is a bridge in a network namespace of its own. A node is a network namespace; its interface to a segment has
// the segment's name, the bridge's port to a node has the node's name. The words of a node:
//
//	SEGMENT=ADDRESS/LENGTH,...   an interface on the segment and its addresses, or "none"
//	lo=ADDRESS/LENGTH,...        extra addresses of lo; lo itself is up in every namespace
//	default=GATEWAY,...          default route, one per address family
//	route=PREFIX@GATEWAY,...     other routes
//	sysctl KEY=VALUE ...         net.* settings of the namespace, to the end of the statement
package topology

import "net/netip"

// Topology is what a file says. Parse checks it: names are unique and the segments of links exist.
type Topology struct {
	Segments []string
	Nodes    []Node
}

// Node is one network namespace.
type Node struct {
	Name     string
	Links    []Link
	Loopback []netip.Prefix
	Routes   []Route
	Sysctls  []string // KEY=VALUE
}

// Link is an interface on a segment.
type Link struct {
	Segment   string
	Addresses []netip.Prefix // may be empty
}

// Route leads to a prefix by a gateway that one of the node's links reaches.
type Route struct {
	To  netip.Prefix
	Via netip.Addr
}
