package probe

import (
	"context"
	"encoding/binary"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

func pinging(to string, words ...string) spec.Check {
	return spec.Check{Kind: "ping", Addr: netip.AddrPortFrom(netip.MustParseAddr(to), 0), Settings: settings(words...)}
}

func TestPing(t *testing.T) {
	kept(t)
	inNamespace(t, func(run func(string)) {
		run("ip link add va type veth peer name vb && ip link set va up && ip link set vb up && ip addr add 192.0.2.1/24 dev va && ip addr add 2001:db8::1/64 dev va nodad")
		run("ip route add blackhole 203.0.113.0/24 && ip route add prohibit 203.0.114.0/24")
		for _, c := range []struct {
			check        spec.Check
			verdict, why string
		}{
			{pinging("127.0.0.1"), up, ""},
			{pinging("::1"), up, ""},
			{pinging("127.0.0.1", "bind", "127.0.0.2"), up, ""},
			{pinging("::1", "bind", "2001:db8::1"), up, ""},
			{pinging("127.0.0.1", "bind", "198.51.100.9"), aside, `ping 127\.0\.0\.1: 198\.51\.100\.9 is not an address of this host`},
			{pinging("::1", "bind", "2001:db8::9"), aside, `ping ::1: 2001:db8::9 is not an address of this host`},
			{pinging("192.0.2.2"), down, `ping 192\.0\.2\.2: host unreachable, says 192\.0\.2\.1`},
			{pinging("2001:db8::2"), down, `ping 2001:db8::2: address unreachable, says 2001:db8::1`},
			{pinging("198.51.100.1"), down, `ping 198\.51\.100\.1: network is unreachable`},
			{pinging("203.0.113.1"), down, `ping 203\.0\.113\.1: invalid argument`},
			{pinging("203.0.114.1"), down, `ping 203\.0\.114\.1: prohibited, by .*`},
		} {
			expect(t, try(t, c.check), c.verdict, c.why)
		}
		run("sysctl -qw net.ipv4.icmp_echo_ignore_all=1")
		c := pinging("127.0.0.1")
		c.Timeout = soon
		expect(t, try(t, c), down, `ping 127\.0\.0\.1: timeout after 200ms`)
	})
}

// Many pings share one socket, each gets its own reply, and the socket goes with the last.
func TestPingsShareASocket(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	kept(t)
	w := waiter{to: netip.MustParseAddr("127.0.0.1"), heard: make(chan Result, 1)} // holds the socket open
	seq, err := echoes4.enter(&w)
	if err != nil {
		t.Fatal(err)
	}
	before := descriptors(t)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() { expect(t, try(t, pinging("127.0.0.1")), up, "") })
	}
	all.Wait()
	if n := descriptors(t); n != before {
		t.Errorf("%d descriptors, %d before", n, before)
	}
	select {
	case r := <-w.heard:
		t.Errorf("a reply to another came to one that asked for nothing: %+v", r)
	default:
	}
	echoes4.leave(seq, &w)
}

// Without NET_RAW a ping says what is wanting, and nothing of the server.
func TestPingWithoutCapability(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	kept(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // the thread ends with the goroutine
		head, data := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
		if err := unix.Capset(&head, &data[0]); err != nil {
			t.Errorf("drop capabilities: %v", err)
			return
		}
		expect(t, try(t, pinging("127.0.0.1")), aside, `ping 127\.0\.0\.1: this process may not open a raw socket: it lacks the capability NET_RAW`)
	}()
	<-ended
}

// A socket that fails ends what waits at it, without blame for the server; the next ping opens another.
func TestPingSocketFails(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	kept(t)
	w := waiter{to: netip.MustParseAddr("192.0.2.9"), heard: make(chan Result, 1)}
	seq, err := echoes4.enter(&w)
	if err != nil {
		t.Fatal(err)
	}
	echoes4.broken(echoes4.conn, context.DeadlineExceeded)
	expect(t, <-w.heard, aside, `ping 192\.0\.2\.9: read raw socket: .*`)
	expect(t, try(t, pinging("127.0.0.1")), up, "")
	echoes4.leave(seq, &w)
}

// quoting4 is the packet of an echo to an address, with id 0x1234 and number 7 and without its data.
func quoting4(to netip.Addr) []byte {
	packet := append(make([]byte, 20), 8, 0, 0, 0, 0x12, 0x34, 0, 7)
	packet[0], packet[9] = 0x45, 1
	copy(packet[16:], to.AsSlice())
	return packet
}

func quoting6(to netip.Addr) []byte {
	packet := append(make([]byte, 40), 128, 0, 0, 0, 0x12, 0x34, 0, 7)
	packet[0], packet[6] = 0x60, 58
	copy(packet[24:], to.AsSlice())
	return packet
}

// A server that is pinged knows the id, and may guess what number the ping of another has: its errors are its own.
func TestForgedErrors(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	kept(t)
	w := waiter{to: netip.MustParseAddr("192.0.2.9"), token: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, heard: make(chan Result, 1)}
	seq, err := echoes4.enter(&w)
	if err != nil {
		t.Fatal(err)
	}
	defer echoes4.leave(seq, &w)
	forge := func(quoted ...byte) {
		binary.BigEndian.PutUint16(quoted[24:], uint16(echoes4.id))
		binary.BigEndian.PutUint16(quoted[26:], seq)
		m := icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1, Body: &icmp.DstUnreach{Data: quoted}}
		b, err := m.Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := send4(echoes4.conn, b, netip.Addr{}, netip.MustParseAddr("127.0.0.1")); err != nil {
			t.Fatal(err)
		}
	}
	forge(append(quoting4(netip.MustParseAddr("127.0.0.1")), w.token[:]...)...)
	forge(append(quoting4(w.to), "guessed!"...)...)
	expect(t, try(t, pinging("127.0.0.1")), up, "") // whose reply comes after them
	select {
	case r := <-w.heard:
		t.Errorf("a forged error counts: %s", r.Why)
	default:
	}
	forge(append(quoting4(w.to), w.token[:]...)...)
	expect(t, <-w.heard, down, `ping 192\.0\.2\.9: host unreachable, says 127\.0\.0\.1`)
}

// Errors are matched by the request that they quote.
func TestQuoted(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.21"), netip.MustParseAddr("2001:db8::21")
	token := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	for _, c := range []struct {
		family family
		packet []byte
		to     netip.Addr
	}{{echoes4.family, quoting4(four), four}, {echoes6.family, quoting6(six), six}} {
		whole := append(c.packet, token[:]...)
		for n := range len(whole) + 1 {
			q, is := c.family.quoted(&icmp.TimeExceeded{Data: whole[:n]})
			if is != (n >= len(c.packet)) {
				t.Errorf("with %d octets of %d there is one: %v", n, len(whole), is)
			}
			if is && (q.id != 0x1234 || q.seq != 7 || !q.of(&waiter{to: c.to, token: token})) {
				t.Errorf("of %d octets: %+v", n, q)
			}
		}
		q, _ := c.family.quoted(&icmp.DstUnreach{Data: whole})
		if q.of(&waiter{to: c.to.Next(), token: token}) || q.of(&waiter{to: c.to}) {
			t.Error("another's ping sent it")
		}
	}
	said := []string{}
	for code := range 16 {
		said = append(said, unreachable4(&icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: code}))
	}
	if s := strings.Join(said, ","); strings.Count(s, "filter") != 3 || strings.Count(s, "network") != 1 {
		t.Error(s)
	}
}
