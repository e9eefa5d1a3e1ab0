package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

var errMark = errors.New("set SO_MARK")

// SetMark gives a socket the firewall mark of the private service that leads its packets to one real server. It takes CAP_NET_ADMIN or,
// from Linux 5.17 on, CAP_NET_RAW.
func SetMark(fd int, mark uint32) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(int32(mark))); err != nil {
		return fmt.Errorf("%w: %w", errMark, err)
	}
	return nil
}

// PathSource is the source address of a check along the real path that names none: that with which this host reaches the real server.
// What the kernel would choose for the virtual address is, where this host has it, that address itself, and the answer to it would stay
// on the real server, which has it too. The kernel is asked each time, as routes and addresses change. A result says why there is none.
func PathSource(c spec.Check) (netip.Addr, Result) {
	to := c.Path.RealServer.Unmap()
	from, err := sourceTo(to)
	switch {
	case err != nil && ofThisHost(err):
		return from, local("find the source address for %v: %s", to, cause(err))
	case err != nil:
		return from, bad("no way to %v: %s", to, cause(err))
	case from == c.Addr.Addr().Unmap():
		return from, local("this host reaches %v from the virtual address itself, to which no answer comes: write bind", to)
	}
	return from, ok
}

// sourceTo connects a socket of UDP, which sends nothing, and asks for its address.
func sourceTo(to netip.Addr) (netip.Addr, error) {
	family := unix.AF_INET6
	if to.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(fd) }()
	const discard = 9 // any port will do
	var sa unix.Sockaddr = &unix.SockaddrInet6{Port: discard, Addr: to.As16()}
	if to.Is4() {
		sa = &unix.SockaddrInet4{Port: discard, Addr: to.As4()}
	}
	if err := unix.Connect(fd, sa); err != nil {
		return netip.Addr{}, os.NewSyscallError("connect", err)
	}
	local, err := unix.Getsockname(fd)
	if err != nil {
		return netip.Addr{}, os.NewSyscallError("getsockname", err)
	}
	if sa, is := local.(*unix.SockaddrInet4); is {
		return netip.AddrFrom4(sa.Addr), nil
	}
	return netip.AddrFrom16(local.(*unix.SockaddrInet6).Addr), nil
}

// PathHint is what a probe along the real path that nobody answered is most likely to lack; "" on the usual way.
func PathHint(c spec.Check) string {
	if c.Path.Mark == 0 {
		return ""
	}
	return fmt.Sprintf(" (does %v hold %v?)", c.Path.RealServer, c.Addr.Addr())
}

// way is how a socket is to be set up.
type way struct {
	bind netip.Addr // source address, if valid
	mark uint32     // 0: none
}

func (d dialer) way() (way, Result) {
	w := way{d.bind, d.check.Path.Mark}
	if w.mark == 0 || w.bind.IsValid() {
		return w, ok
	}
	var res Result
	w.bind, res = PathSource(d.check)
	return w, res
}

func (w way) localAddr(network string) net.Addr {
	switch {
	case !w.bind.IsValid():
		return nil
	case network == "udp":
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.bind, 0))
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(w.bind, 0))
}
