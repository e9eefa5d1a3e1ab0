package kernel

import (
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// advertBuffer is the receive buffer asked for: 1,000 instances at 100 ms are 10,000 packets of about 1 KB a second, with the kernel's
// own bookkeeping.
const advertBuffer = 4 << 20

// networkControl is the class that routers give to routing protocols (RFC 4594, section 3.2: CS6), so that a full link drops others first.
const networkControl = 0xc0

type socketOption struct{ level, name, value int }

// The IPv6 checksum stays the caller's work (IPV6_CHECKSUM is off for every protocol but ICMPv6): that of VRRP is prebuilt.
var advertOptions4 = []socketOption{
	{unix.IPPROTO_IP, unix.IP_TTL, 255},
	{unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, 255},
	{unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0},
	{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0}, // otherwise groups that anyone on the host joined come too
	{unix.IPPROTO_IP, unix.IP_TOS, networkControl},
	{unix.IPPROTO_IP, unix.IP_PKTINFO, 1},
}

var advertOptions6 = []socketOption{
	{unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, 255},
	{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255},
	{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0},
	{unix.IPPROTO_IPV6, unix.IPV6_TCLASS, networkControl},
	{unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1},
	{unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, 1},
}

func (s *AdvertSocket) setUp(o AdvertOptions) error {
	options := advertOptions4
	if s.v6 {
		options = append(slices.Clone(advertOptions6), socketOption{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, s.index})
	}
	if s.v6 && o.AnySource {
		options = append(options, socketOption{unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1})
	}
	for _, p := range options {
		if err := unix.SetsockoptInt(s.fd, p.level, p.name, p.value); err != nil {
			return err
		}
	}
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, advertBuffer) != nil {
		// Without CAP_NET_ADMIN: as much as net.core.rmem_max allows.
		if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, advertBuffer); err != nil {
			return err
		}
	}
	if !s.v6 {
		if err := unix.SetsockoptIPMreqn(s.fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(s.index)}); err != nil {
			return err
		}
	}
	return unix.BindToDevice(s.fd, o.Interface)
}

// Join adds a multicast group; joining one twice is no error.
func (s *AdvertSocket) Join(group netip.Addr) error {
	if slices.Contains(s.groups, group) {
		return nil
	}
	if err := s.membership(group, unix.IP_ADD_MEMBERSHIP, unix.IPV6_JOIN_GROUP); err != nil {
		return err
	}
	s.groups = append(s.groups, group)
	return nil
}

// Leave takes a group away; one that was not joined is no error.
func (s *AdvertSocket) Leave(group netip.Addr) error {
	at := slices.Index(s.groups, group)
	if at < 0 {
		return nil
	}
	if err := s.membership(group, unix.IP_DROP_MEMBERSHIP, unix.IPV6_LEAVE_GROUP); err != nil {
		return err
	}
	s.groups = slices.Delete(s.groups, at, at+1)
	return nil
}

func (s *AdvertSocket) membership(group netip.Addr, option4, option6 int) error {
	if group.Is4() == s.v6 {
		return unix.EAFNOSUPPORT
	}
	if s.v6 {
		return unix.SetsockoptIPv6Mreq(s.fd, unix.IPPROTO_IPV6, option6, &unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(s.index)})
	}
	return unix.SetsockoptIPMreqn(s.fd, unix.IPPROTO_IP, option4, &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(s.index)})
}

// indexOf is the index of an interface in the socket's network namespace.
func indexOf(fd int, iface string) (int, error) {
	r, err := unix.NewIfreq(iface)
	if err != nil {
		return 0, err
	}
	err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r)
	return int(r.Uint32()), err
}

// closing gives up a descriptor over an error.
func closing(fd int, err error) error { return errors.Join(err, unix.Close(fd)) }
