package health

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// throughMark makes this host one that has 203.0.113.1 itself, as a master, where only what has a mark reaches it.
func throughMark(t *testing.T, mark uint32) {
	t.Helper()
	for _, on := range []struct{ device, addr string }{{"lo", "203.0.113.1/32"}, {"dust", "192.0.2.11/24"}} {
		link, err := netlink.LinkByName(on.device)
		if err != nil {
			t.Fatal(err)
		}
		addr, err := netlink.ParseAddr(on.addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.AddrAdd(link, addr); err != nil {
			t.Fatal(err)
		}
	}
	local, marked, rest := netlink.NewRule(), netlink.NewRule(), netlink.NewRule()
	local.Priority, local.Table = 200, unix.RT_TABLE_LOCAL
	marked.Priority, marked.Table, marked.Mark = 100, unix.RT_TABLE_LOCAL, mark
	rest.Priority, rest.Type = 150, unix.RTN_UNREACHABLE
	addr, err := netlink.ParseAddr("203.0.113.1/32")
	if err != nil {
		t.Fatal(err)
	}
	rest.Dst = addr.IPNet
	for _, r := range []*netlink.Rule{local, marked, rest} {
		if err := netlink.RuleAdd(r); err != nil {
			t.Fatal(err)
		}
	}
	first := netlink.NewRule()
	first.Priority, first.Table = 0, unix.RT_TABLE_LOCAL
	if err := netlink.RuleDel(first); err != nil {
		t.Fatal(err)
	}
}

func TestRealPath(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const mark = 1<<31 | 7
	throughMark(t, mark)
	conns := listening(t, "203.0.113.1:80")
	pathed := quick("tcp", at("203.0.113.1:80"))
	pathed.Path = spec.CheckPath{Mark: mark, RealServer: netip.MustParseAddr("192.0.2.21")}
	answering, other, plain := pathed, pathed, quick("tcp", at("203.0.113.1:80"))
	answering.Kind, answering.Timeout, answering.Interval = "http", time.Hour, time.Hour
	other.Path.Mark++
	gone := pathed
	gone.Path.RealServer = netip.MustParseAddr("100.64.0.1")
	r := startRunner(t, Config{})
	r.Set([]spec.Check{pathed, other, plain, gone}, nil)
	until(t, r, pathed, "is up", isUp)
	for c, why := range map[spec.Check]string{
		other: "connect to 203.0.113.1:80 through 192.0.2.21: network is unreachable",
		plain: "connect to 203.0.113.1:80: network is unreachable",
		gone:  "no way to 100.64.0.1: network is unreachable",
	} {
		if s := until(t, r, c, "is down", isDown); s.Why != why {
			t.Errorf("%s: %q, want %q", c, s.Why, why)
		}
	}
	r.Set([]spec.Check{answering}, nil)
	soon(t, "a connection of http", func() bool {
		all := conns()
		return len(all) > 0 && netip.MustParseAddrPort(all[len(all)-1].RemoteAddr().String()).Addr() == netip.MustParseAddr("192.0.2.11")
	})
}

// Nobody answers where the real server does not hold the virtual address: the reason says so.
func TestRealPathWithoutAnswer(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	c := quick("tcp", at("198.51.100.9:80")) // on dust
	c.Path = spec.CheckPath{Mark: 1<<31 | 7, RealServer: netip.MustParseAddr("198.51.100.2")}
	r := startRunner(t, Config{})
	r.Set([]spec.Check{c}, nil)
	const why = "connect to 198.51.100.9:80 through 198.51.100.2: no answer within 200ms (does 198.51.100.2 hold 198.51.100.9?)"
	if s := until(t, r, c, "is down", isDown); s.Why != why {
		t.Errorf("%q, want %q", s.Why, why)
	}
}

// Probes of many real servers to one virtual address are not bounded as those to one host.
func TestPathsAreBoundedByRealServer(t *testing.T) {
	const virtual = "203.0.113.1:80"
	way := func(real string, mark uint32) spec.Check {
		c := spec.Check{Kind: "tcp", Addr: netip.MustParseAddrPort(virtual)}
		c.Path = spec.CheckPath{Mark: mark, RealServer: netip.MustParseAddr(real)}
		return c
	}
	a, b := way("192.0.2.21", 1<<31|1), way("192.0.2.22", 1<<31|2)
	if probed(a) == probed(b) || identity(a) == identity(b) {
		t.Error("two real servers are one host")
	}
	if probed(a) != netip.MustParseAddrPort("192.0.2.21:80") || probed(spec.Check{Addr: a.Addr}) != a.Addr {
		t.Error(probed(a))
	}
}
