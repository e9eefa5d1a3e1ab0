package probe

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// pathed is a check of 203.0.113.1 by way of a real server in 192.0.2.0/24.
func pathed(kind string, port uint16, words ...string) spec.Check {
	return spec.Check{Kind: kind, Addr: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.1"), port), Settings: settings(words...),
		Path: spec.CheckPath{Mark: 1<<31 | 7, RealServer: netip.MustParseAddr("192.0.2.21")}, Timeout: slowly}
}

// markedOnly makes this host one that has 203.0.113.1 itself, as a master, where only packets with the mark of pathed reach it.
func markedOnly(run func(string)) {
	run("ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up && ip addr add 192.0.2.11/24 dev d0 && ip addr add 192.0.2.12/24 dev d0 && ip addr add 203.0.113.1/32 dev lo")
	run("ip rule add pref 200 lookup local && ip rule del pref 0 && ip rule add pref 100 fwmark 0x80000007 lookup local && ip rule add pref 150 to 203.0.113.1 unreachable")
}

// The marked packets of a probe come from the address with which this host reaches the real server, not from the virtual one.
func TestPathMarksAndBinds(t *testing.T) {
	inNamespace(t, func(run func(string)) {
		markedOnly(run)
		u, err := net.ListenPacket("udp4", "203.0.113.1:0")
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = u.Close() }()
		from := make(chan net.Addr, 9)
		go func() {
			b := make([]byte, 64)
			for {
				n, at, err := u.ReadFrom(b)
				if err != nil {
					return
				}
				from <- at
				_, _ = u.WriteTo(b[:n], at)
			}
		}()
		port := uint16(u.LocalAddr().(*net.UDPAddr).Port)
		expect(t, try(t, pathed("udp", port, "payload", "hello", "reply", "hello")), up, "")
		if got := source(t, from); got != "192.0.2.11" {
			t.Errorf("it came from %s", got)
		}
		expect(t, try(t, pathed("udp", port, "payload", "hello", "reply", "hello", "bind", "192.0.2.12")), up, "")
		if got := source(t, from); got != "192.0.2.12" {
			t.Errorf("with bind it came from %s", got)
		}
		other := pathed("udp", port, "payload", "hello", "reply", "hello")
		other.Path.Mark++
		expect(t, try(t, other), down, "connect to .* through 192.0.2.21: network is unreachable")
	})
}

// source is where a datagram came from.
func source(t *testing.T, from <-chan net.Addr) string {
	select {
	case a := <-from:
		return a.(*net.UDPAddr).IP.String()
	case <-time.After(never):
		t.Error("no datagram came")
		return ""
	}
}

func TestPathByTCP(t *testing.T) {
	inNamespace(t, func(run func(string)) {
		markedOnly(run)
		l, err := net.Listen("tcp4", "203.0.113.1:0")
		if err != nil {
			t.Error(err)
			return
		}
		port := uint16(l.Addr().(*net.TCPAddr).Port)
		d, err := newDialer(pathed("smtp", port))
		if err != nil {
			t.Error(err)
			return
		}
		conn, res := d.connect(context.Background(), "tcp")
		expect(t, res, up, "")
		if conn != nil {
			if got := conn.LocalAddr().(*net.TCPAddr).IP.String(); got != "192.0.2.11" {
				t.Errorf("it came from %s", got)
			}
			_ = conn.Close()
		}
		_ = l.Close()
		_, res = d.connect(context.Background(), "tcp")
		expect(t, res, down, `connect to 203\.0\.113\.1:\d+ through 192\.0\.2\.21: connection refused`)
		run("ip addr del 203.0.113.1/32 dev lo && ip rule del pref 150 && ip route add default dev d0") // a wire without anybody
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		_, res = d.connect(ctx, "tcp")
		expect(t, res, down, `connect to .* through 192\.0\.2\.21: timeout after 2s \(does 192\.0\.2\.21 hold 203\.0\.113\.1\?\)`)
	})
}

// Without a source address to ask from, it is this host's fault or the network's, and each says which.
func TestPathWithoutSource(t *testing.T) {
	inNamespace(t, func(run func(string)) {
		expect(t, try(t, pathed("smtp", 25)), down, "no way to 192.0.2.21: network is unreachable")
		run("ip addr add 203.0.113.1/32 dev lo && ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up && ip route add 192.0.2.0/24 dev d0 src 203.0.113.1")
		expect(t, try(t, pathed("smtp", 25)), aside, "this host reaches 192.0.2.21 from the virtual address itself, to which no answer comes: write bind")
		run("ip addr add 2001:db8::11/64 dev d0 nodad")
		c := pathed("smtp", 25)
		c.Path.RealServer = netip.MustParseAddr("2001:db8::21")
		if got, res := PathSource(c); got != netip.MustParseAddr("2001:db8::11") || !res.OK {
			t.Errorf("%v, %+v", got, res)
		}
	})
}

// Without CAP_NET_ADMIN and CAP_NET_RAW no socket is marked: nothing is said of the real server.
func TestPathNeedsCapability(t *testing.T) {
	inNamespace(t, func(run func(string)) {
		markedOnly(run)
		if err := withoutNetAdmin(); err != nil {
			t.Error(err)
			return
		}
		for _, kind := range []string{"smtp", "udp"} {
			expect(t, try(t, pathed(kind, 25)), aside, "connect to 203.0.113.1:25 through 192.0.2.21: set SO_MARK: operation not permitted")
		}
	})
}

// withoutNetAdmin takes these capabilities from this thread, which has to end after that.
func withoutNetAdmin() error {
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW
	return unix.Capset(&header, &data[0])
}
