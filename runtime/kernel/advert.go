package kernel

import (
	"errors"
	"net/netip"

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

// AdvertDrops counts what Receive kept to itself.
type AdvertDrops struct {
	Foreign   uint64 // from another interface
	Own       uint64 // from an address of SetOwn
	Malformed uint64 // of IPv4: lengths of the IP header that contradict each other
}

// AdvertSocket carries the advertisements of one family on one interface, in the network namespace of the thread that opened it. Its
// methods belong to one goroutine; Receive and Send neither block nor allocate, and do not give up the P.
type AdvertSocket struct{}

// OpenAdvertSocket opens a raw socket (protocol 112) that is bound to the interface. The error wraps unix.EPERM without CAP_NET_RAW,
// and unix.ENODEV when the interface is missing.
func OpenAdvertSocket(o AdvertOptions) (*AdvertSocket, error) { return nil, errors.ErrUnsupported }

// FD is for poll.
func (s *AdvertSocket) FD() int { return -1 }

// IfIndex is the interface as it was when the socket was opened. One that is deleted and made anew has another, and needs a new socket.
func (s *AdvertSocket) IfIndex() int { return 0 }

// SetOwn names the addresses whose packets are our own, and dropped (V18).
func (s *AdvertSocket) SetOwn(addrs []netip.Addr) {}

// Join adds a multicast group; joining one twice is no error.
func (s *AdvertSocket) Join(group netip.Addr) error { return nil }

// Leave takes a group away.
func (s *AdvertSocket) Leave(group netip.Addr) error { return nil }

// Receive reads what is there, as much as dst and one recvmmsg of 64 hold; 0 is nothing. Fewer than len(dst) does not mean that nothing
// is left: poll says. The error is one of the socket: unix.ENETDOWN once after the interface went down.
func (s *AdvertSocket) Receive(dst []AdvertDatagram) (int, error) { return 0, nil }

// Send sends packets in order. The error is that of batch[sent]; those behind it were not tried.
func (s *AdvertSocket) Send(batch []AdvertPacket) (sent int, err error) { return 0, nil }

// Drops are counted since the socket was opened.
func (s *AdvertSocket) Drops() AdvertDrops { return AdvertDrops{} }

// Close closes the socket and leaves its groups.
func (s *AdvertSocket) Close() error { return nil }
