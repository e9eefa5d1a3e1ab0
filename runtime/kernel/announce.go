package kernel

import (
	"errors"
	"net/netip"
)

// Frame is an Ethernet frame to announce an address with; it is built once and sent often.
type Frame struct {
	IfIndex int
	Bytes   []byte
}

// GratuitousARP announces an IPv4 address with a broadcast request (RFC 9568, section 6.4.2). The MAC is that of the interface, or the
// virtual one.
func GratuitousARP(ifindex int, mac MAC, addr netip.Addr) (Frame, error) { return Frame{}, nil }

// NeighborAdvert announces an IPv6 address to all nodes, unsolicited and overriding (RFC 9568, section 6.4.2; RFC 4861, section 4.4).
// router: this host forwards.
func NeighborAdvert(ifindex int, mac MAC, addr netip.Addr, router bool) (Frame, error) {
	return Frame{}, nil
}

// Forwards says whether the interface forwards IPv6, which is the router flag of its neighbour advertisements.
func Forwards(iface string) (bool, error) { return false, nil }

// Announcer sends frames, on any interface of the network namespace of the thread that opened it. Burst neither blocks nor allocates, and
// does not give up the P.
type Announcer struct{}

// OpenAnnouncer opens the packet socket. unix.EPERM: CAP_NET_RAW is missing.
func OpenAnnouncer() (*Announcer, error) { return nil, errors.ErrUnsupported }

// Burst sends frames in order, up to 256 in a system call. The error is that of frames[sent]; those behind it were not tried. unix.ENXIO:
// no such interface any more; unix.ENETDOWN: it is down; unix.EAGAIN and unix.ENOBUFS: queues are full, go on later.
func (a *Announcer) Burst(frames []Frame) (sent int, err error) { return 0, nil }

// Close closes the socket.
func (a *Announcer) Close() error { return nil }
