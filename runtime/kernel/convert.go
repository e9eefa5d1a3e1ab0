package kernel

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/moby/ipvs"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// notPrefix stands for a netmask with holes, which only a stranger can have set. No wanted value equals it, so that it shows as a
// difference.
const notPrefix = 255

func family(f spec.Family) uint16 {
	if f == spec.IPv6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func familyOf(af uint16) spec.Family {
	if af == unix.AF_INET6 {
		return spec.IPv6
	}
	return spec.IPv4
}

// address reads a union nf_inet_addr: 16 bytes, of which IPv4 uses the first 4.
func address(f spec.Family, b []byte) netip.Addr {
	if f == spec.IPv6 {
		return netip.AddrFrom16([16]byte(b))
	}
	return netip.AddrFrom4([4]byte(b))
}

func maxPrefix(f spec.Family) uint8 {
	if f == spec.IPv6 {
		return 128
	}
	return 32
}

// netmask is what the kernel wants for a prefix length: for IPv4 a mask in network order, for IPv6 the number itself in host order
// (ip_vs_ctl.c reads the same __be32 as plen). A service without persistence gets the whole address, as ipvsadm gives it; the kernel
// refuses 0 for IPv6.
func netmask(f spec.Family, s spec.Service) []byte {
	prefix := s.Netmask
	if s.Persistence == 0 {
		prefix = maxPrefix(f)
	}
	if f == spec.IPv6 {
		return binary.NativeEndian.AppendUint32(nil, uint32(prefix))
	}
	return binary.BigEndian.AppendUint32(nil, uint32(^uint64(0)<<(32-min(prefix, 32))))
}

func prefixOf(f spec.Family, mask []byte) uint8 {
	if f == spec.IPv6 {
		return uint8(min(binary.NativeEndian.Uint32(mask), notPrefix))
	}
	m := binary.BigEndian.Uint32(mask)
	ones := bits.LeadingZeros32(^m)
	if bits.OnesCount32(m) != ones {
		return notPrefix
	}
	return uint8(ones)
}

// normalService takes from a service what has no meaning: persistence without its flag, and a netmask without persistence. The
// flags lose those that are not the operator's, among them the kernel's own HASHED.
func normalService(s spec.Service, flags uint32) spec.Service {
	if flags&flagPersistent == 0 || s.Persistence == 0 {
		s.Persistence, s.Netmask = 0, 0
	}
	s.Flags = spec.ServiceFlags(flags) & spec.SettableFlags
	return s
}

// normalDest takes the flags of connections from the forwarding method, and from a real server that is not tunnelled to the tunnel
// that it was set up with before.
func normalDest(d spec.Dest, flags uint32) spec.Dest {
	d.Forward = spec.Forward(flags & ipvs.ConnFwdMask)
	if d.Forward != spec.Tun {
		d.Tunnel = spec.Tunnel{}
	}
	return d
}
