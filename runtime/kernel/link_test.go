package kernel_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
)

// cable is a network namespace with an interface eth0, and the far end of its wire: a packet socket, which sees what really goes out and
// makes what comes in.
type cable struct {
	t   testing.TB
	fd  int
	far kernel.Link
	kernel.Link
	*kernel.Links
}

var (
	nearMAC = kernel.MAC{2, 0, 0, 0, 0, 1}
	farMAC  = kernel.MAC{2, 0, 0, 0, 0, 2}
)

// newCable moves the test's thread to a namespace of its own, for good: the thread ends with the test.
func newCable(t testing.TB) *cable {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	runtime.LockOSThread()
	own, err := netns.New()
	check(t, err)
	t.Cleanup(func() { check(t, own.Close()) })
	ip(t, "link set lo up", "link add eth0 address "+nearMAC.String()+" type veth peer name far address "+farMAC.String())
	writeProc(t, "net/ipv6/conf/far/disable_ipv6", "1")
	// The link-local address by hand: the one that comes by itself is tentative for a moment, even without detection.
	ip(t, "link set far arp off", "link set far up", "link set eth0 addrgenmode none", "link set eth0 up", "addr add fe80::ff:fe00:1/64 dev eth0 nodad")
	for shown(t, "fe80::ff:fe00:1 ", "-6", "route", "show", "table", "local") == "" {
		continue // the kernel makes the route to an address, without which it takes no packet, a little later, and tells nobody
	}
	l, err := kernel.OpenLinks()
	check(t, err)
	t.Cleanup(func() { check(t, l.Close()) })
	c := &cable{t: t, Links: l, Link: mustLink(t, l, "eth0"), far: mustLink(t, l, "far")}
	c.listen()
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ip(t testing.TB, lines ...string) {
	t.Helper()
	run(t, strings.Join(lines, "\n")+"\n", "ip", "-batch", "-")
}

func writeProc(t testing.TB, path, value string) {
	t.Helper()
	check(t, os.WriteFile("/proc/sys/"+path, []byte(value), 0o644))
}

func readProc(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/" + path)
	check(t, err)
	return strings.TrimSpace(string(b))
}

func mustLink(t testing.TB, l *kernel.Links, name string) kernel.Link {
	t.Helper()
	out, err := l.Link(name)
	check(t, err)
	return out
}

// listen opens the far end; what waits there before is of no test.
func (c *cable) listen() {
	all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xff})
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	check(c.t, err)
	c.fd = fd
	c.t.Cleanup(func() { check(c.t, unix.Close(fd)) })
	check(c.t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20))
	check(c.t, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}))
	check(c.t, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: c.far.Index}))
}

// next is the next frame that arrives at the far end and has the text at the offset.
func (c *cable) next(offset int, text ...byte) []byte {
	c.t.Helper()
	for {
		b := make([]byte, 2048)
		n, err := unix.Read(c.fd, b)
		if err != nil {
			c.t.Fatalf("waiting for a frame: %v", err)
		}
		if b = b[:n]; n >= offset+len(text) && bytes.Equal(b[offset:offset+len(text)], text) {
			return b
		}
	}
}

// inject sends a frame from the far end.
func (c *cable) inject(frame []byte) {
	c.t.Helper()
	check(c.t, unix.Sendto(c.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: c.far.Index}))
}

func TestLink(t *testing.T) {
	c := newCable(t)
	want := kernel.Link{Index: c.Index, Name: "eth0", MAC: nearMAC, Up: true, Running: true, MTU: 1500, Parent: c.far.Index}
	if c.Link != want {
		t.Errorf("eth0 is %+v, want %+v", c.Link, want)
	}
	ip(t, "link set far down", "link set eth0 mtu 1400")
	want.Running, want.MTU = false, 1400
	if got := mustLink(t, c.Links, "eth0"); got != want {
		t.Errorf("with the far end down eth0 is %+v, want %+v", got, want)
	}
	check(t, c.SetUp(c.Index, false))
	want.Up = false
	if got := mustLink(t, c.Links, "eth0"); got != want {
		t.Errorf("down, eth0 is %+v, want %+v", got, want)
	}
	if _, err := c.Links.Link("none0"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("a missing interface: %v", err)
	}
	all, err := c.All()
	if names := (linkNames(all)); err != nil || names != "lo far eth0" {
		t.Errorf("all interfaces: %s, %v", names, err)
	}
}

func linkNames(all []kernel.Link) string {
	var names []string
	for _, l := range all {
		names = append(names, l.Name)
	}
	return strings.Join(names, " ")
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }
