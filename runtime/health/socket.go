package health

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// reset has close(2) send RST: no socket of a probe stays in TIME_WAIT.
var reset = unix.Linger{Onoff: 1, Linger: 0}

// openSocket is a non-blocking socket that is ready to connect to an address. bind is its source address, if valid. All errors are
// of this host.
func openSocket(to netip.Addr, bind netip.Addr) (int, error) {
	family := unix.AF_INET
	if to.Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, fmt.Errorf("open a socket: %w", err)
	}
	// Before connect, so that what is given up leaves nothing either.
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &reset); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("set SO_LINGER: %w", err)
	}
	if bind.IsValid() {
		if err := bindSocket(fd, bind); err != nil {
			_ = unix.Close(fd)
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
	sa, err := sockaddr(fd, netip.AddrPortFrom(to, 0))
	if err != nil {
		return err
	}
	return unix.Bind(fd, sa)
}

// connectSocket begins to connect; unix.EINPROGRESS is how that usually ends.
func connectSocket(fd int, to netip.AddrPort) error {
	sa, err := sockaddr(fd, to)
	if err != nil {
		return err
	}
	return unix.Connect(fd, sa)
}

// sockaddr is an address for a socket; the zone of a link-local one is an interface's name or its number.
func sockaddr(fd int, a netip.AddrPort) (unix.Sockaddr, error) {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, nil
	}
	sa := &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	zone := a.Addr().Zone()
	if zone == "" {
		return sa, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		sa.ZoneId = uint32(n)
		return sa, nil
	}
	req, err := unix.NewIfreq(zone)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req)
	}
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", zone, err)
	}
	sa.ZoneId = req.Uint32()
	return sa, nil
}
