package kernel

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The room for one received advertisement: more than the longest possible one has (8 bytes and 255 addresses), with the header that comes
// with IPv4, so that one that is too long can be told.
const (
	advertRoom4 = 60 + 8 + 255*4 + 64
	advertRoom6 = 8 + 255*16 + 64
)

// controlRoom holds the control messages of one packet, aligned as they have to be: an IPv6 packet info and a hop limit.
type controlRoom [8]uint64

// advertInbox is the memory of recvmmsg. The kernel writes to it, so that it must not move: it lives on the heap.
type advertInbox struct {
	msgs    [advertBatch]mmsghdr
	iovs    [advertBatch]unix.Iovec
	names   [advertBatch]unix.RawSockaddrInet6 // the senders; of IPv4 the header has them
	control [advertBatch]controlRoom
	room    []byte
	size    int // of the room of one
}

func newAdvertInbox(v6 bool) *advertInbox {
	b := &advertInbox{size: advertRoom4}
	if v6 {
		b.size = advertRoom6
	}
	b.room = make([]byte, advertBatch*b.size)
	for i := range b.msgs {
		b.iovs[i].Base = &b.room[i*b.size]
		b.iovs[i].SetLen(b.size)
		h := &b.msgs[i].hdr
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
		h.Control = (*byte)(unsafe.Pointer(&b.control[i]))
	}
	return b
}

func (b *advertInbox) read(fd, most int) (int, unix.Errno) {
	m := b.msgs[:min(most, advertBatch)]
	for i := range m { // the kernel left there what it used
		m[i].hdr.Namelen = unix.SizeofSockaddrInet6
		m[i].hdr.SetControllen(int(unsafe.Sizeof(controlRoom{})))
	}
	return mmsg(unix.SYS_RECVMMSG, fd, m)
}

// datagram is what is in slot i, and the interface it came by.
func (b *advertInbox) datagram(i int, v6 bool) (d AdvertDatagram, index int, ok bool) {
	m := &b.msgs[i]
	info := packetInfo{hops: -1}
	info.read(unsafe.Slice(m.hdr.Control, int(m.hdr.Controllen)))
	payload := b.room[i*b.size:][:m.n]
	if !v6 {
		d, ok = datagram4(payload)
		return d, info.index, ok && info.index != 0
	}
	d = AdvertDatagram{Payload: payload, Src: netip.AddrFrom16(b.names[i].Addr), Dst: info.dst, TTL: uint8(info.hops)}
	return d, info.index, info.index != 0 && info.hops >= 0
}

// datagram4 takes an IPv4 packet apart (RFC 791, section 3.1; V22, V33). The total length counts, not what was read: a frame may be
// padded.
func datagram4(b []byte) (AdvertDatagram, bool) {
	const least = 20
	if len(b) < least || b[0]>>4 != 4 {
		return AdvertDatagram{}, false
	}
	// A packet that is longer than the room was cut to it, and is still too long to be an advertisement.
	header, total := int(b[0]&0xf)*4, min(int(binary.BigEndian.Uint16(b[2:])), len(b))
	if header < least || total < header {
		return AdvertDatagram{}, false
	}
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	return AdvertDatagram{Payload: b[header:total], Src: src, Dst: dst, TTL: b[8]}, true
}
