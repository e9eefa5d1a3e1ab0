package kernel

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// packetInfo is what the control messages of a received packet say.
type packetInfo struct {
	index int        // of the interface; 0 is not told
	dst   netip.Addr // of IPv6
	hops  int        // of IPv6; below 0 is not told
}

// read walks control messages (cmsg(3)).
func (p *packetInfo) read(b []byte) {
	for len(b) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
		size := int(h.Len)
		if size < unix.SizeofCmsghdr || size > len(b) {
			return
		}
		p.take(h.Level, h.Type, b[unix.CmsgLen(0):size])
		b = b[min(unix.CmsgSpace(size-unix.CmsgLen(0)), len(b)):]
	}
}

func (p *packetInfo) take(level, typ int32, data []byte) {
	switch {
	case level == unix.IPPROTO_IP && typ == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
		p.index = int(binary.NativeEndian.Uint32(data))
	case level == unix.IPPROTO_IPV6 && typ == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
		p.dst = netip.AddrFrom16([16]byte(data))
		p.index = int(binary.NativeEndian.Uint32(data[16:]))
	case level == unix.IPPROTO_IPV6 && typ == unix.IPV6_HOPLIMIT && len(data) >= 4:
		p.hops = int(binary.NativeEndian.Uint32(data))
	}
}
