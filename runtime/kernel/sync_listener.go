package kernel

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/spec"
)

// SyncListener hears the sync messages of a group on an interface, beside the kernel's own backup daemon, which gets them all the same.
// What this host sends itself does not come back: its daemons and its SyncSender have the loop of multicast off.
type SyncListener struct {
	*syncSocket
	buf [8]byte // a header
}

// Listener joins the group of a daemon, on its interface and port.
func (n SyncNet) Listener(d spec.Daemon) (*SyncListener, error) {
	var l SyncListener
	err := n.do(func() (err error) {
		l.syncSocket, err = openSyncSocket(d, listenerOptions(d), func(fd, index int) error { return joinGroup(fd, index, d) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen to sync messages on %s: %w", d.Interface, err)
	}
	return &l, nil
}

func listenerOptions(d spec.Daemon) []socketOption {
	out := []socketOption{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1}}
	if d.Group.Is4() {
		out = append(out, socketOption{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0})
	}
	return out
}

func joinGroup(fd, index int, d spec.Daemon) error {
	if err := unix.Bind(fd, groupAddr(d.Group, d.Port, index)); err != nil {
		return err
	}
	if d.Group.Is6() {
		return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: d.Group.As16(), Interface: uint32(index)})
	}
	return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: d.Group.As4(), Ifindex: int32(index)})
}

// Receive is the next sync message's header and source; what is none is passed over. It waits at most so long: os.ErrDeadlineExceeded.
// After Close it is os.ErrClosed.
func (l *SyncListener) Receive(wait time.Duration) (connsync.Header, netip.Addr, error) {
	if err := l.file.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return connsync.Header{}, netip.Addr{}, l.ended(err)
	}
	for {
		size, from, err := l.receive()
		if err != nil {
			return connsync.Header{}, netip.Addr{}, err
		}
		if h, err := connsync.ParseHeader(l.buf[:min(size, len(l.buf))], size); err == nil {
			return h, from, nil
		}
	}
}

// receive cuts the message after its header, and gives its whole size.
func (l *SyncListener) receive() (size int, from netip.Addr, err error) {
	var sa unix.Sockaddr
	var read error
	err = l.conn.Read(func(fd uintptr) bool {
		size, sa, read = unix.Recvfrom(int(fd), l.buf[:], unix.MSG_TRUNC)
		return !errors.Is(read, unix.EAGAIN)
	})
	if err = errors.Join(err, read); err != nil {
		return 0, netip.Addr{}, l.ended(err)
	}
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		from = netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		from = netip.AddrFrom16(a.Addr)
	}
	return size, from, nil
}

// ended is the sentinel alone where the wait ended: callers wait again and again.
func (l *SyncListener) ended(err error) error {
	switch {
	case l.closed.Load():
		return os.ErrClosed // a raw connection has another error for it
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	}
	return fmt.Errorf("receive a sync message: %w", err)
}
