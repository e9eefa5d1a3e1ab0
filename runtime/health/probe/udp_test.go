package probe

import (
	"context"
	"net"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// serveUDP answers each datagram with those that a function makes of it.
func serveUDP(t testing.TB, each func([]byte) [][]byte) netip.AddrPort {
	t.Helper()
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 1<<16)
		for {
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			for _, answer := range each(b[:n]) {
				_, _ = l.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return at(l.LocalAddr())
}

func TestUDP(t *testing.T) {
	kept(t)
	mirror := serveUDP(t, func(b []byte) [][]byte { return [][]byte{b} })
	mute := serveUDP(t, func([]byte) [][]byte { return nil })
	late := serveUDP(t, func([]byte) [][]byte { return [][]byte{[]byte("wait"), []byte("ready")} })
	for name, c := range map[string]struct {
		to           netip.AddrPort
		words        []string
		timeout      time.Duration
		verdict, why string
	}{
		"reply":                 {mirror, []string{"payload", "ping", "reply", "^ping$"}, never, up, ""},
		"octets":                {mirror, []string{"payload", "hex:00 ff 70", "reply", `^\x00.p$`}, never, up, ""},
		"any reply":             {mirror, []string{"reply", ".*"}, never, up, ""},
		"a reply nobody needs":  {mirror, []string{"payload", "ping"}, never, up, ""},
		"the second":            {late, []string{"reply", "ready"}, never, up, ""},
		"other reply":           {late, []string{"reply", "never"}, slowly, down, `wait for a reply of 127\.0\.0\.1:\d+ that matches "never", of which 2 did not: timeout after 2s`},
		"no reply":              {mute, []string{"payload", "ping", "reply", ".*"}, soon, down, `wait for a reply of 127\.0\.0\.1:\d+: timeout after 200ms`},
		"silence is no failure": {mute, []string{"payload", "ping"}, soon, up, ""},
		"closed port":           {closedPort(t), nil, never, down, `wait for a reply of 127\.0\.0\.1:\d+: connection refused`},
		"closed, reply wanted":  {closedPort(t), []string{"reply", ".*"}, never, down, `wait for a reply of 127\.0\.0\.1:\d+: connection refused`},
		"foreign bind":          {mirror, []string{"bind", "192.0.2.77"}, never, aside, `connect to 127\.0\.0\.1:\d+: cannot assign requested address`},
		"bind":                  {mirror, []string{"bind", "127.0.0.2", "reply", ".*"}, never, up, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, try(t, spec.Check{Kind: "udp", Addr: c.to, Timeout: c.timeout, Settings: settings(c.words...)}), c.verdict, c.why)
		})
	}
}

// A host that is gone from the own network is noticed once its neighbour entry fails.
func TestUDPUnreachable(t *testing.T) {
	kept(t)
	inNamespace(t, func(run func(string)) {
		run("ip link add va type veth peer name vb && ip link set va up && ip link set vb up && ip addr add 192.0.2.1/24 dev va")
		gone := spec.Check{Kind: "udp", Addr: netip.MustParseAddrPort("192.0.2.2:53")}
		expect(t, try(t, gone), down, `wait for a reply of 192\.0\.2\.2:53: no route to host`)
		gone.Addr = netip.MustParseAddrPort("198.51.100.1:53")
		expect(t, try(t, gone), down, `connect to 198\.51\.100\.1:53: network is unreachable`)
	})
}

// A probe that is given up says nothing of the server.
func TestGivenUp(t *testing.T) {
	kept(t)
	came := make(chan struct{}, 1)
	mute := serveUDP(t, func([]byte) [][]byte { came <- struct{}{}; return nil })
	probe, err := New(spec.Check{Kind: "udp", Addr: mute, Timeout: never, Settings: settings("reply", ".*")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-came
		cancel()
	}()
	expect(t, probe(ctx), aside, `wait for a reply of .*: given up`)
}

// What came in time counts, also where this host stood still until the time was over; and silence is none of the server's then.
func TestLastLook(t *testing.T) {
	kept(t)
	mirror, mute := serveUDP(t, func(b []byte) [][]byte { return [][]byte{b} }), serveUDP(t, func([]byte) [][]byte { return nil })
	for name, c := range map[string]struct {
		to           netip.AddrPort
		words        []string
		comes        bool
		end          error
		verdict, why string
	}{
		"silence":           {mute, nil, false, context.DeadlineExceeded, up, ""},
		"silence, given up": {mute, nil, false, context.Canceled, aside, `wait for a reply of .*: given up`},
		"ICMP error":        {closedPort(t), nil, true, context.DeadlineExceeded, down, `wait for a reply of .*`},
		"reply":             {mirror, []string{"reply", "^hello$"}, true, context.DeadlineExceeded, up, ""},
		"other reply":       {mirror, []string{"reply", "^ready$"}, true, context.DeadlineExceeded, down, `wait for a reply of .*: timeout after 30s`},
		"no reply":          {mute, []string{"reply", "^hello$"}, false, context.DeadlineExceeded, down, `wait for a reply of .*: timeout after 30s`},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := newDialer(spec.Check{Kind: "udp", Addr: c.to, Timeout: never})
			if err != nil {
				t.Fatal(err)
			}
			conn, r := d.connect(t.Context(), "udp")
			if conn == nil {
				t.Fatal(r.Why)
			}
			defer func() { _ = conn.Close() }()
			if _, err := conn.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			if c.comes {
				arrived(t, conn)
			}
			_ = conn.SetDeadline(time.Unix(1, 0))
			u := datagram{dialer: d}
			if v := settings(c.words...).Values(); v.Has("reply") {
				u.reply = regexp.MustCompile(v.Get("reply"))
			}
			expect(t, u.hear(over{t.Context(), c.end}, conn), c.verdict, c.why)
		})
	}
}

// over is a context that has ended.
type over struct {
	context.Context
	err error
}

func (o over) Err() error { return o.err }

// arrived waits until a socket has something, without taking it.
func arrived(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*boundedConn).Conn.(*net.UDPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		for n := 0; n < 1; {
			n, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
