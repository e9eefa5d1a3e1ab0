package kernel

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// SyncNet is what of connection sync lies outside of the kernel's own daemons: the connection table, and sockets on the daemons' group.
// It needs no IPVS connection and holds nothing open; its methods may be called at any time.
type SyncNet struct {
	Namespace string // of the network: a name below /run/netns, or a path; "" is the caller's own
}

// do runs f in the namespace.
func (n SyncNet) do(f func() error) error {
	ns, err := openNamespace(n.Namespace)
	if err != nil {
		return err
	}
	return errors.Join(ns.do(f), ns.close())
}

// syncSocket is a UDP socket on a sync daemon's group and interface. It is a file of the runtime's poller, so that waits have deadlines.
type syncSocket struct {
	file   *os.File
	conn   syscall.RawConn
	index  int // of the interface
	iface  string
	closed atomic.Bool
}

func openSyncSocket(d spec.Daemon, options []socketOption, bind func(fd, index int) error) (*syncSocket, error) {
	domain := unix.AF_INET
	if d.Group.Is6() {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_UDP)
	if err != nil {
		return nil, err
	}
	index, err := indexOf(fd, d.Interface)
	if err == nil {
		err = unix.BindToDevice(fd, d.Interface)
	}
	for _, o := range options {
		if err == nil {
			err = unix.SetsockoptInt(fd, o.level, o.name, o.value)
		}
	}
	if err == nil {
		err = bind(fd, index)
	}
	if err != nil {
		return nil, closing(fd, err)
	}
	s := &syncSocket{file: os.NewFile(uintptr(fd), "sync"), index: index, iface: d.Interface}
	if s.conn, err = s.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// Close closes the socket; a wait on it ends.
func (s *syncSocket) Close() error {
	s.closed.Store(true)
	return s.file.Close()
}

// Attached says whether the interface is still the one that the socket was opened on: one that is deleted and made anew needs a new socket.
func (s *syncSocket) Attached() bool {
	index := 0
	err := s.conn.Control(func(fd uintptr) { index, _ = indexOf(int(fd), s.iface) })
	return err == nil && index == s.index
}

// groupAddr is where a daemon sends to; a group of IPv6 is one of an interface.
func groupAddr(group netip.Addr, port uint16, index int) unix.Sockaddr {
	if group.Is4() {
		return &unix.SockaddrInet4{Addr: group.As4(), Port: int(port)}
	}
	return &unix.SockaddrInet6{Addr: group.As16(), Port: int(port), ZoneId: uint32(index)}
}

// SyncSender sends sync messages as a master daemon does: from the interface's own address, to the group, and not to this host. It belongs
// to one goroutine.
type SyncSender struct{ *syncSocket }

// Sender opens a sender with the settings of a daemon, on an interface where a daemon can work.
func (n SyncNet) Sender(d spec.Daemon) (*SyncSender, error) {
	var s SyncSender
	err := n.do(func() error {
		i, err := interfaceByName(d.Interface)
		if err == nil {
			err = i.Accepts(spec.RoleMaster, d)
		}
		if err == nil {
			s.syncSocket, err = openSyncSocket(d, senderOptions(d), func(fd, index int) error { return connectGroup(fd, index, d) })
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open a sender of sync messages on %s: %w", d.Interface, err)
	}
	return &s, nil
}

// senderOptions are those of the kernel's daemon (ip_vs_sync.c, make_send_sock): fragments are allowed where the MTU changes.
func senderOptions(d spec.Daemon) []socketOption {
	if d.Group.Is6() {
		return []socketOption{
			{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, int(d.TTL)},
			{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0},
			{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT},
		}
	}
	return []socketOption{
		{unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, int(d.TTL)},
		{unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0},
		{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT},
	}
}

func connectGroup(fd, index int, d spec.Daemon) error {
	var err error
	if d.Group.Is4() {
		err = unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(index)})
	} else {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, index)
	}
	if err != nil {
		return err
	}
	// The kernel chooses the source address: the interface's first, as its daemon does.
	return unix.Connect(fd, groupAddr(d.Group, d.Port, index))
}

// Send sends a message, and waits where the socket's buffer is full.
func (s *SyncSender) Send(message []byte) error {
	if _, err := s.file.Write(message); err != nil {
		return fmt.Errorf("send a sync message on %s: %w", s.iface, err)
	}
	return nil
}
