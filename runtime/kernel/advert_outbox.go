package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The control message of a packet to send, which chooses its source. One of the two is used.
type sourceInfo struct {
	v4 struct {
		unix.Cmsghdr
		unix.Inet4Pktinfo
	}
	v6 struct {
		unix.Cmsghdr
		unix.Inet6Pktinfo
	}
}

// advertOutbox is the memory of sendmmsg, prepared as far as packets are alike.
type advertOutbox struct {
	v6    bool
	bits  int // of its addresses
	msgs  [advertBatch]mmsghdr
	iovs  [advertBatch]unix.Iovec
	to4   [advertBatch]unix.RawSockaddrInet4
	to6   [advertBatch]unix.RawSockaddrInet6
	infos [advertBatch]sourceInfo
}

func newAdvertOutbox(v6 bool, index int) *advertOutbox {
	b := &advertOutbox{v6: v6, bits: 32}
	if v6 {
		b.bits = 128
	}
	for i := range b.msgs {
		h := &b.msgs[i].hdr
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
		if v6 {
			b.prepare6(i, index)
		} else {
			b.prepare4(i, index)
		}
	}
	return b
}

func (b *advertOutbox) prepare4(i, index int) {
	h, to, info := &b.msgs[i].hdr, &b.to4[i], &b.infos[i].v4
	to.Family = unix.AF_INET
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(to)), unix.SizeofSockaddrInet4
	info.Level, info.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
	info.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
	info.Ifindex = int32(index)
	h.Control = (*byte)(unsafe.Pointer(info))
	h.SetControllen(int(unsafe.Sizeof(*info)))
}

func (b *advertOutbox) prepare6(i, index int) {
	h, to, info := &b.msgs[i].hdr, &b.to6[i], &b.infos[i].v6
	to.Family, to.Scope_id = unix.AF_INET6, uint32(index)
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(to)), unix.SizeofSockaddrInet6
	info.Level, info.Type = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
	info.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
	info.Ifindex = uint32(index)
	h.Control = (*byte)(unsafe.Pointer(info))
	h.SetControllen(int(unsafe.Sizeof(*info)))
}

func (b *advertOutbox) write(fd int, batch []AdvertPacket) (int, unix.Errno) {
	for i, p := range batch {
		if p.Dst.BitLen() != b.bits || p.Src.BitLen() != b.bits {
			if i == 0 {
				return 0, unix.EAFNOSUPPORT
			}
			batch = batch[:i] // the next call has it as its first
			break
		}
		if b.v6 {
			b.to6[i].Addr, b.infos[i].v6.Addr = p.Dst.As16(), p.Src.As16()
		} else {
			b.to4[i].Addr, b.infos[i].v4.Spec_dst = p.Dst.As4(), p.Src.As4()
		}
		b.iovs[i].Base = unsafe.SliceData(p.Payload)
		b.iovs[i].SetLen(len(p.Payload))
	}
	return mmsg(unix.SYS_SENDMMSG, fd, b.msgs[:len(batch)])
}
