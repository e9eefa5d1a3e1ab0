package health

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"unsafe"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"golang.org/x/sys/unix"
)

// reset has close(2) send RST: no socket of a probe stays in TIME_WAIT.
var reset = unix.Linger{Onoff: 1, Linger: 0}

// openSocket is a non-blocking socket that is ready to connect to an address. bind is its source address, if valid, and mark its firewall
// mark, if not 0. All errors are of this host.
func openSocket(to netip.Addr, bind netip.Addr, mark uint32) (int, error) {
	family := unix.AF_INET
	if to.Is6() {
		family = unix.AF_INET6
	}
	fd, err := rawSocket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, fmt.Errorf("open a socket: %w", err)
	}
	// Before connect, so that what is given up leaves nothing either.
	if err := rawLinger(fd, &reset); err != nil {
		rawClose(fd)
		return -1, fmt.Errorf("set SO_LINGER: %w", err)
	}
	if mark != 0 {
		if err := probe.SetMark(fd, mark); err != nil {
			rawClose(fd)
			return -1, err
		}
	}
	if bind.IsValid() {
		if err := bindSocket(fd, bind); err != nil {
			rawClose(fd)
			return -1, fmt.Errorf("bind to %s: %w", bind, err)
		}
	}
	return fd, nil
}

// bindSocket leaves the choice of the port to connect(2), which knows the destination: else all probes together had the ports of one.
func bindSocket(fd int, to netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return err
	}
	if to.Is4() {
		return unix.Bind(fd, &unix.SockaddrInet4{Addr: to.As4()})
	}
	zone, err := zoneOf(fd, to.Zone())
	if err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrInet6{Addr: to.As16(), ZoneId: zone})
}

// connectSocket begins to connect; unix.EINPROGRESS is how that usually ends.
func connectSocket(fd int, to netip.AddrPort) error {
	if to.Addr().Is4() {
		sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(to.Port()), Addr: to.Addr().As4()}
		return rawConnect(fd, unsafe.Pointer(&sa), unsafe.Sizeof(sa))
	}
	zone, err := zoneOf(fd, to.Addr().Zone())
	if err != nil {
		return err
	}
	sa := unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: networkOrder(to.Port()), Addr: to.Addr().As16(), Scope_id: zone}
	return rawConnect(fd, unsafe.Pointer(&sa), unsafe.Sizeof(sa))
}

func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}

// zoneOf is the number of the interface of a link-local address; its zone is the name or that number.
func zoneOf(fd int, zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	req, err := unix.NewIfreq(zone)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req)
	}
	if err != nil {
		return 0, fmt.Errorf("interface %s: %w", zone, err)
	}
	return req.Uint32(), nil
}
