package health

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"golang.org/x/sys/unix"
)

// full is a server that accepts nobody, and whose queue of those who wait for it is full.
func full(t *testing.T) net.Addr {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}
	c, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return at
}

func TestTCP(t *testing.T) {
	r := startRunner(t, Config{})
	good, refused, queued := quick("tcp", server(t, func(net.Conn) {})), quick("tcp", nobody(t)), quick("tcp", full(t))
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = six.Close() }()
	mapped, bound, zone := good, good, quick("tcp", six.Addr())
	mapped.Addr = netip.AddrPortFrom(netip.AddrFrom16(good.Addr.Addr().As16()), good.Addr.Port())
	bound.Settings = "bind=127.0.0.9"
	zone.Addr = netip.AddrPortFrom(zone.Addr.Addr().WithZone("lo"), zone.Addr.Port())
	r.Set([]spec.Check{good, mapped, bound, zone, refused, queued}, nil)
	for _, c := range []spec.Check{good, mapped, bound, zone} {
		if s := until(t, r, c, "is up", isUp); s.Took <= 0 || s.Last.IsZero() || s.Why != "" || s.Weight != -1 {
			t.Errorf("%s: %+v", c, s)
		}
	}
	for c, why := range map[spec.Check]string{
		refused: "connect to " + refused.Addr.String() + ": connection refused",
		queued:  "connect to " + queued.Addr.String() + ": no answer within 200ms",
	} {
		if s := until(t, r, c, "is down", isDown); s.Why != why || s.Skipped != 0 {
			t.Errorf("%s: %+v, want %q", c, s, why)
		}
	}
}

// The source address is the one of bind.
func TestBind(t *testing.T) {
	from := make(chan string, 10)
	c := quick("tcp", server(t, func(c net.Conn) {
		select {
		case from <- c.RemoteAddr().String():
		default:
		}
	}), "bind=127.0.0.9")
	startRunner(t, Config{}).Set([]spec.Check{c}, nil)
	if got := <-from; !strings.HasPrefix(got, "127.0.0.9:") {
		t.Errorf("it came from %s", got)
	}
}

// A server that goes away and comes back.
func TestRecovery(t *testing.T) {
	r := startRunner(t, Config{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := quick("tcp", l.Addr())
	r.Set([]spec.Check{c}, nil)
	until(t, r, c, "is up", isUp)
	_ = l.Close()
	until(t, r, c, "is down", isDown)
	l, err = net.Listen("tcp", c.Addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if s := until(t, r, c, "is up again", isUp); s.Why != "" {
		t.Errorf("up and yet %q", s.Why)
	}
}

// Whatever becomes of a probe, its socket is gone: none is in TIME_WAIT or another state.
func TestNoSocketStays(t *testing.T) {
	r := startRunner(t, Config{})
	tcp := quick("tcp", server(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }))
	http := quick("http", server(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1000))
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
		_, _ = c.Read(make([]byte, 1000))
	}))
	slow := quick("http", server(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1000)); _, _ = c.Read(make([]byte, 1000)) }))
	for _, c := range []*spec.Check{&tcp, &http, &slow} {
		c.Interval, c.Timeout = 100*time.Millisecond, 50*time.Millisecond
	}
	r.Set([]spec.Check{tcp, http, slow}, nil)
	for _, c := range []spec.Check{tcp, http, slow} {
		until(t, r, c, "was probed ten times", func(s spec.CheckStatus) bool { return s.Count >= 10 })
	}
	r.Set(nil, nil)
	for _, c := range []spec.Check{tcp, http, slow} {
		soon(t, "no socket to "+c.String(), func() bool { return sockets(t, c.Addr.Port()) == 0 })
	}
}

// sockets counts those that are connected, or were, to a port of 127.0.0.1.
func sockets(t *testing.T, port uint16) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 2 && strings.EqualFold(f[2], hexAddr(port)) {
			n++
		}
	}
	return n
}

func hexAddr(port uint16) string {
	const digits = "0123456789ABCDEF"
	return "0100007F:" + string([]byte{digits[port>>12], digits[port>>8&15], digits[port>>4&15], digits[port&15]})
}

// What happens to a socket after its probe is not told, for its number is another's by then: though a child of this process that has
// yet to execute its program holds a copy, as a duplicate does here.
func TestCopyOfASocket(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	silent := slowly("tcp", full(t))
	h.set(silent)
	h.begin(silent)
	c := h.checks.find(identity(silent), silent)
	was := c.fd
	held, err := unix.FcntlInt(uintptr(was), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(held) }()
	h.loops[0].finish(c, lacked("it is over"))
	if err := unix.Shutdown(held, unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	for _, e := range h.loops[0].poller.more() {
		if e.Fd == was {
			t.Errorf("events %#x of a socket whose probe is over", e.Events)
		}
	}
}
