package health

import "golang.org/x/sys/unix"

// ofThisHost says whether an error of connect(2) tells of this host and not of the way to the server: it lacks ports or memory, or
// does not let the probe out, while traffic that IPVS forwards would pass.
//
// A missing route is not among them. Without one the packets of clients do not reach the server either, whether this host or a router
// says so (ENETUNREACH, EHOSTUNREACH): the server is of no use to this director, and the probe has failed.
// Nor is EACCES: a filter on the way says so, by ICMPv6 (net/ipv6/icmp.c, tab_unreach).
func ofThisHost(err error) bool {
	switch err {
	case unix.EADDRNOTAVAIL, unix.EADDRINUSE, unix.EAGAIN, // no port left
		unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM,
		unix.EPERM: // a firewall of this host
		return true
	}
	return false
}
