package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// dialer connects to what a check probes.
type dialer struct {
	check spec.Check
	bind  netip.Addr // source address, if valid
}

func newDialer(c spec.Check) (dialer, error) {
	bind, err := bindOf(c)
	return dialer{c, bind}, err
}

// connect connects by "tcp" or "udp". The connection ends with ctx; a result says why there is none.
//
// It is a net.Dialer with DialContext, since DialTCP binds to port 0 of every address before it connects (golang/go#81620), which
// makes ports unique over all servers.
func (d dialer) connect(ctx context.Context, network string) (net.Conn, Result) {
	w, res := d.way()
	if !res.OK {
		return nil, res
	}
	to := net.Dialer{KeepAlive: -1, FallbackDelay: -1, Control: w.prepare, LocalAddr: w.localAddr(network)}
	c, err := to.DialContext(ctx, network, d.check.Addr.String())
	if err != nil {
		return nil, d.failed(ctx, err)
	}
	return bounded(ctx, c), ok
}

// failed is what an error of connecting comes to.
func (d dialer) failed(ctx context.Context, err error) Result {
	doing := "connect to " + d.check.Target()
	if errors.Is(err, errMark) {
		doing += ": " + errMark.Error()
	}
	res := failed(ctx, d.check, doing, err)
	if ctx.Err() != nil || timedOut(err) {
		res.Why += PathHint(d.check)
	}
	return res
}

// prepare sets up a socket before it is bound and connected. TCP is closed with a reset, also where the connection never came about,
// so that none stays in TIME_WAIT; UDP hears of every ICMP error, also of those that the network may yet get over. A source address
// takes its port at connect(2), where all that counts is that the pair of addresses and ports is free.
func (w way) prepare(network, _ string, raw syscall.RawConn) error {
	var err error
	set := func(fd uintptr) {
		s := int(fd)
		if w.bind.IsValid() {
			err = unix.SetsockoptInt(s, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		}
		if err == nil && w.mark != 0 {
			err = SetMark(s, w.mark)
		}
		switch {
		case err != nil:
		case strings.HasPrefix(network, "tcp"):
			err = unix.SetsockoptLinger(s, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		case network == "udp6":
			err = unix.SetsockoptInt(s, unix.SOL_IPV6, unix.IPV6_RECVERR, 1)
		default:
			err = unix.SetsockoptInt(s, unix.SOL_IP, unix.IP_RECVERR, 1)
		}
	}
	if cerr := raw.Control(set); cerr != nil {
		return cerr
	}
	return err
}

// boundedConn is a connection whose reads and writes end with a context.
type boundedConn struct {
	net.Conn
	release func() bool
	looked  bool // after the end
}

func bounded(ctx context.Context, c net.Conn) net.Conn {
	return &boundedConn{Conn: c, release: context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })}
}

// Read reads. Beyond the deadline it looks once more, without waiting: where this host stood still, what came in time is there, and net
// does not see it.
func (b *boundedConn) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if !errors.Is(err, os.ErrDeadlineExceeded) || b.looked {
		return n, err
	}
	b.looked = true
	if m, there := look(b.Conn, p); m > 0 || there != nil {
		return m, there
	}
	return n, err
}

// look receives what is there; nothing and no error where there is none, or where it is empty.
func look(c net.Conn, p []byte) (n int, err error) {
	raw, is := c.(syscall.Conn)
	if !is {
		return 0, nil
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return 0, nil
	}
	_ = control.Control(func(fd uintptr) { n, _, err = unix.Recvfrom(int(fd), p, unix.MSG_DONTWAIT) })
	if errors.Is(err, unix.EAGAIN) {
		err = nil
	}
	return max(n, 0), err
}

// Close closes the connection.
func (b *boundedConn) Close() error {
	b.release()
	return b.Conn.Close()
}

// bindOf is the source address of a check, if it has one.
func bindOf(c spec.Check) (netip.Addr, error) {
	text := c.Settings.Values().Get("bind")
	if text == "" {
		return netip.Addr{}, nil
	}
	bind, err := netip.ParseAddr(text)
	if err != nil {
		return bind, fmt.Errorf("read bind: %w", err)
	}
	return bind.Unmap(), nil
}
