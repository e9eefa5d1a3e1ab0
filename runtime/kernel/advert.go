package kernel

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// AdvertOptions say what an advertisement socket is for.
type AdvertOptions struct {
	Interface string
	Family    spec.Family
	Groups    []netip.Addr // multicast groups to join; none for a socket that only sends, or that works unicast
	// AnySource allows IPv6 packets from an address that the interface does not have: a virtual MAC's interface has none of its own
	// and sends from the link-local address of its parent. IPv4 needs only that the host has the address.
	AnySource bool
}

// AdvertDatagram is a received advertisement. It is valid until the next Receive.
type AdvertDatagram struct {
	Payload  []byte // the VRRP message; of IPv4, cut to what the IP header says
	Src, Dst netip.Addr
	TTL      uint8 // or hop limit
}

// AdvertPacket is an advertisement to send.
type AdvertPacket struct {
	Payload []byte // with its checksum, also for IPv6
	Src     netip.Addr
	Dst     netip.Addr // a group or a unicast peer
}

// AdvertSocket carries the advertisements of one family on one interface, in the network namespace of the thread that opened it. Its
// methods belong to one goroutine; Receive and Send neither block nor allocate, and do not give up the P. An interface that is deleted and
// made anew needs a new socket.
type AdvertSocket struct {
	fd, index int
	v6        bool
	groups    []netip.Addr // joined
	in        *advertInbox
	out       *advertOutbox
}

// OpenAdvertSocket opens a raw socket (protocol 112) that is bound to the interface. The error wraps unix.EPERM without CAP_NET_RAW,
// and unix.ENODEV when the interface is missing.
func OpenAdvertSocket(o AdvertOptions) (*AdvertSocket, error) {
	s, err := openAdvertSocket(o)
	if err != nil {
		return nil, fmt.Errorf("open %s advertisement socket on %s: %w", o.Family, o.Interface, err)
	}
	return s, nil
}

func openAdvertSocket(o AdvertOptions) (*AdvertSocket, error) {
	s := &AdvertSocket{fd: -1, v6: o.Family == spec.IPv6}
	domain := unix.AF_INET
	if s.v6 {
		domain = unix.AF_INET6
	}
	var err error
	if s.fd, err = unix.Socket(domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, ProtoVRRP); err != nil {
		return nil, err
	}
	if s.index, err = indexOf(s.fd, o.Interface); err == nil {
		err = s.setUp(o)
	}
	for _, g := range o.Groups {
		if err == nil {
			err = s.Join(g)
		}
	}
	if err != nil {
		return nil, closing(s.fd, err)
	}
	s.in, s.out = newAdvertInbox(s.v6), newAdvertOutbox(s.v6, s.index)
	return s, nil
}

// FD is for poll.
func (s *AdvertSocket) FD() int { return s.fd }

// Close closes the socket and leaves its groups.
func (s *AdvertSocket) Close() error { return unix.Close(s.fd) }

// maxAdvertRounds bounds one Receive under a flood of packets that are all dropped.
const maxAdvertRounds = 16

// Receive reads what is there, as much as dst and one recvmmsg of 64 hold. 0 without an error: the queue is empty. (A flood of some
// 1,000 packets, all of which are dropped, ends a call too; poll says that more is there.)
func (s *AdvertSocket) Receive(dst []AdvertDatagram) (int, error) {
	for range maxAdvertRounds {
		got, errno := s.in.read(s.fd, len(dst))
		if errno == unix.EAGAIN {
			return 0, nil
		}
		if errno != 0 {
			return 0, errno
		}
		kept := 0
		for i := range got {
			if d, ok := s.judge(i); ok {
				dst[kept] = d
				kept++
			}
		}
		if kept > 0 {
			return kept, nil
		}
	}
	return 0, nil
}

// judge is the datagram in slot i, if it is for us (V52). A raw socket of IPv6 gets the groups that anyone on the host joined, also
// with IPV6_MULTICAST_ALL off: net/ipv6/raw.c looks at it only where the socket is bound to an address.
func (s *AdvertSocket) judge(i int) (AdvertDatagram, bool) {
	d, index, ok := s.in.datagram(i, s.v6)
	ok = ok && index == s.index && (!d.Dst.IsMulticast() || slices.Contains(s.groups, d.Dst))
	return d, ok
}

// Send sends packets in order. The error is that of batch[sent]; those behind it were not tried.
func (s *AdvertSocket) Send(batch []AdvertPacket) (sent int, err error) {
	for sent < len(batch) {
		n, errno := s.out.write(s.fd, batch[sent:min(sent+advertBatch, len(batch))])
		if errno != 0 {
			return sent, errno
		}
		sent += n
	}
	return sent, nil
}
