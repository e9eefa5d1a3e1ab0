package kernel

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	announceBatch = 256
	// announceBuffer is the send buffer asked for: frames of a burst that wait in the queue of a network card count with about 1 KB.
	announceBuffer = 8 << 20
)

// Announcer sends frames on any interface of the network namespace of the thread that opened it. Its methods belong to one goroutine;
// Burst neither blocks nor allocates, and does not give up the P.
type Announcer struct {
	fd   int
	msgs [announceBatch]mmsghdr
	iovs [announceBatch]unix.Iovec
	to   [announceBatch]unix.RawSockaddrLinklayer
}

// OpenAnnouncer opens the packet socket. It is bound to no interface, so that none that goes down leaves an error in it, and to no
// protocol, so that it receives nothing. unix.EPERM: CAP_NET_RAW is missing.
func OpenAnnouncer() (*Announcer, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open packet socket: %w", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, announceBuffer) != nil {
		// Without CAP_NET_ADMIN: as much as net.core.wmem_max allows.
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, announceBuffer); err != nil {
			return nil, fmt.Errorf("set up packet socket: %w", closing(fd, err))
		}
	}
	a := &Announcer{fd: fd}
	for i := range a.msgs {
		h := &a.msgs[i].hdr
		h.Iov = &a.iovs[i]
		h.SetIovlen(1)
		a.to[i] = unix.RawSockaddrLinklayer{Family: unix.AF_PACKET, Halen: uint8(len(MAC{}))}
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&a.to[i])), unix.SizeofSockaddrLinklayer
	}
	return a, nil
}

// Burst sends frames in order, up to 256 in a system call. The error is that of frames[sent]; those behind it were not tried. unix.ENXIO:
// no such interface any more (one that was made anew has another index, and its frames are to be built anew); unix.ENETDOWN: it is
// down; unix.EAGAIN and unix.ENOBUFS: queues are full, go on later.
func (a *Announcer) Burst(frames []Frame) (sent int, err error) {
	for sent < len(frames) {
		batch := frames[sent:min(sent+announceBatch, len(frames))]
		for i, f := range batch {
			a.iovs[i].Base = unsafe.SliceData(f.Bytes)
			a.iovs[i].SetLen(len(f.Bytes))
			a.to[i].Ifindex = int32(f.IfIndex)
			copy(a.to[i].Addr[:], f.Bytes[:len(MAC{})])
			a.to[i].Protocol = binary.NativeEndian.Uint16(f.Bytes[12:]) // both are in network order
		}
		n, errno := mmsg(unix.SYS_SENDMMSG, a.fd, a.msgs[:len(batch)])
		if errno != 0 {
			return sent, errno
		}
		sent += n
	}
	return sent, nil
}

// Close closes the socket.
func (a *Announcer) Close() error { return unix.Close(a.fd) }
