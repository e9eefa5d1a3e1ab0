package health

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// listening is a server at an address; it accepts and holds connections.
func listening(t *testing.T, addr string) (conns func() []net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []net.Conn
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			all = append(all, c)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return func() []net.Conn { mu.Lock(); defer mu.Unlock(); return all }
}

// Without a port left to a server, nothing is said of it; when there is one again, probes go on.
func TestNoPorts(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	sysctl(t, "ip_local_port_range", "40000 40003")
	sysctl(t, "tcp_tw_reuse", "0")
	listening(t, "127.0.0.1:9000")
	var held []net.Conn
	for {
		c, err := net.Dial("tcp", "127.0.0.1:9000")
		if err != nil {
			break
		}
		held = append(held, c)
	}
	if len(held) != 4 {
		t.Fatalf("%d ports were there, want 4", len(held))
	}
	r := startRunner(t, Config{})
	plain, bound := quick("tcp", at("127.0.0.1:9000")), quick("tcp", at("127.0.0.1:9000"), "bind=127.0.0.1")
	r.Set([]spec.Check{plain, bound}, map[spec.Check]spec.CheckState{plain: spec.CheckUp, bound: spec.CheckUp})
	for _, c := range []spec.Check{plain, bound} {
		s := until(t, r, c, "was skipped", func(s spec.CheckStatus) bool { return s.Skipped >= 5 })
		if s.State != spec.CheckUp || s.Local != "connect to 127.0.0.1:9000: cannot assign requested address" || s.Count != 0 {
			t.Errorf("without a port: %+v", s)
		}
	}
	for _, c := range held {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
	for _, c := range []spec.Check{plain, bound} {
		if s := until(t, r, c, "was probed", func(s spec.CheckStatus) bool { return s.OK }); s.State != spec.CheckUp {
			t.Errorf("with ports again: %+v", s)
		}
	}
}

// With a source address, the ports are each server's own as without one: 20 servers are connected to at once by way of 4 ports.
func TestBindSharesPorts(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const servers = 20
	sysctl(t, "ip_local_port_range", "40000 40003")
	sysctl(t, "tcp_tw_reuse", "0")
	conns := listening(t, "0.0.0.0:9000")
	r := startRunner(t, Config{})
	list := make([]spec.Check, servers)
	for i := range list {
		list[i] = quick("http", at("127.0.0.1:9000"), "bind=127.0.0.1")
		list[i].Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), 9000)
		list[i].Interval, list[i].Timeout = time.Hour, time.Hour
	}
	r.Set(list, nil)
	soon(t, "all are connected", func() bool { return len(conns()) == servers })
	for _, c := range conns() {
		if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil {
			t.Error(err)
		}
	}
	for _, c := range list {
		until(t, r, c, "is up", isUp)
	}
}

// Without a descriptor left, nothing is said of any server.
func TestNoDescriptors(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	listening(t, "127.0.0.1:9000")
	r := startRunner(t, Config{})
	var held []*os.File
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			break
		}
		held = append(held, f)
	}
	tcp, http := quick("tcp", at("127.0.0.1:9000")), quick("http", at("127.0.0.1:9001"))
	r.Set([]spec.Check{tcp, http}, map[spec.Check]spec.CheckState{tcp: spec.CheckUp, http: spec.CheckUp})
	for _, c := range []spec.Check{tcp, http} {
		s := until(t, r, c, "was skipped", func(s spec.CheckStatus) bool { return s.Skipped >= 5 })
		if s.State != spec.CheckUp || s.Local != "open a socket: too many open files" || s.Count != 0 {
			t.Errorf("without descriptors: %+v", s)
		}
	}
	if len(r.News()) != 0 {
		t.Error("that was news")
	}
	for _, f := range held {
		_ = f.Close()
	}
	until(t, r, tcp, "was probed", func(s spec.CheckStatus) bool { return s.OK })
	until(t, r, http, "is down", isDown)
}

// A source address that this host does not have is this host's fault.
func TestNoSourceAddress(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	listening(t, "127.0.0.1:9000")
	r := startRunner(t, Config{})
	c := quick("tcp", at("127.0.0.1:9000"), "bind=203.0.113.9")
	r.Set([]spec.Check{c}, nil)
	if s := until(t, r, c, "was skipped", func(s spec.CheckStatus) bool { return s.Skipped > 0 }); s.State != spec.CheckUnknown || s.Local != "bind to 203.0.113.9: cannot assign requested address" {
		t.Errorf("with another's source address: %+v", s)
	}
}

// A server that the packets of clients would not reach either is down: without a route, with one that refuses, and where all is lost.
func TestUnreachable(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	_, refused, err := net.ParseCIDR("203.0.113.0/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.RouteAdd(&netlink.Route{Dst: refused, Type: unix.RTN_UNREACHABLE}); err != nil {
		t.Fatal(err)
	}
	r := startRunner(t, Config{})
	whys := map[spec.Check]string{}
	for to, why := range map[string]string{
		"192.0.2.1:80": "network is unreachable", "203.0.113.1:80": "no route to host", "198.51.100.2:80": "no answer within 200ms", "[2001:db8::1]:80": "network is unreachable",
	} {
		whys[quick("tcp", at(to))] = "connect to " + to + ": " + why
	}
	var list []spec.Check
	for c := range whys {
		list = append(list, c)
	}
	zone := quick("tcp", at("127.0.0.1:80"))
	zone.Addr = netip.MustParseAddrPort("[fe80::1%gone]:80")
	whys[zone] = "connect to [fe80::1%gone]:80: interface gone: no such device"
	r.Set(append(list, zone), nil)
	for c, why := range whys {
		if s := until(t, r, c, "is down", isDown); s.Why != why {
			t.Errorf("%s: %q, want %q", c, s.Why, why)
		}
	}
}

func TestWhoseFault(t *testing.T) {
	for _, c := range []struct {
		errno unix.Errno
		local bool
	}{
		{unix.EADDRNOTAVAIL, true}, {unix.EADDRINUSE, true}, {unix.EMFILE, true}, {unix.ENFILE, true}, {unix.ENOBUFS, true}, {unix.ENOMEM, true}, {unix.EPERM, true},
		{unix.ECONNREFUSED, false}, {unix.ECONNRESET, false}, {unix.ETIMEDOUT, false}, {unix.ENETUNREACH, false}, {unix.EHOSTUNREACH, false}, {unix.EACCES, false},
	} {
		if got := ofThisHost(c.errno); got != c.local {
			t.Errorf("%v: of this host is %v", c.errno, got)
		}
	}
	if res := unconnected(&check{}, unix.EPERM); !res.Local || !strings.Contains(res.Why, "operation not permitted") {
		t.Errorf("a firewall's refusal is %+v", res)
	}
}
