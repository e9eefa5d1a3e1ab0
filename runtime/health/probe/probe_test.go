package probe

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// Timeouts of probes in tests: one that must not pass, one that has to, and one that has to after some exchange.
const (
	never  = 30 * time.Second
	soon   = 200 * time.Millisecond
	slowly = 2 * time.Second
)

// settings are those of a check: name, value, name, value.
func settings(words ...string) spec.CheckSettings {
	v := url.Values{}
	for i := 0; i < len(words); i += 2 {
		v.Add(words[i], words[i+1])
	}
	return spec.CheckSettings(v.Encode())
}

// try probes once.
func try(t testing.TB, c spec.Check) Result {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = never
	}
	probe, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), c.Timeout)
	defer cancel()
	return probe(ctx)
}

// Verdicts of the tests.
const (
	up    = "up"
	down  = "down"
	aside = "local"
)

// expect holds a result to a verdict and the form of its reason.
func expect(t testing.TB, r Result, verdict, why string) {
	t.Helper()
	got := down
	switch {
	case r.OK && !r.Local && r.Why == "":
		got = up
	case !r.OK && r.Local:
		got = aside
	case r.OK || r.Local:
		got = "neither"
	}
	if got != verdict || !regexp.MustCompile("^(?:"+why+")$").MatchString(r.Why) {
		t.Errorf("%s %q, want %s %q", got, r.Why, verdict, why)
	}
	if r.Weight != -1 {
		t.Errorf("weight %d that nothing asked for", r.Weight)
	}
}

// kept fails a test that leaves goroutines or descriptors, and keeps the collector from closing what nobody closed.
func kept(t testing.TB) {
	t.Helper()
	percent := debug.SetGCPercent(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	files, routines := descriptors(t), runtime.NumGoroutine()
	t.Cleanup(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(never); ; <-tick.C {
			f, r := descriptors(t), runtime.NumGoroutine()
			if f <= files && r <= routines {
				return
			}
			if time.Now().After(end) {
				b := make([]byte, 1<<16)
				t.Fatalf("%d descriptors of %d before, %d goroutines of %d before:\n%s", f, files, r, routines, b[:runtime.Stack(b, true)])
			}
		}
	})
}

// descriptors are the open sockets and files, without the poller of the runtime, which comes with the first.
func descriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range all {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && !strings.HasPrefix(to, "anon_inode:") {
			n++
		}
	}
	return n
}

// serve accepts TCP connections and hands each to a function, until the test ends.
func serve(t testing.TB, each func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer context.AfterFunc(ctx, func() { _ = c.Close() })()
				defer func() { _ = c.Close() }()
				each(c)
			}()
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		<-ended
	})
	return at(l.Addr())
}

func at(a net.Addr) netip.AddrPort {
	p := netip.MustParseAddrPort(a.String())
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// silence takes what comes, and never answers.
func silence(c net.Conn) {
	b := make([]byte, 4096)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// reset closes with RST once something came.
func reset(c net.Conn) {
	_, _ = c.Read(make([]byte, 4096))
	_ = c.(*net.TCPConn).SetLinger(0)
}

// closedPort is a port at which nothing listens.
func closedPort(t testing.TB) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return at(l.Addr())
}

// fullQueue is a port whose accept queue has no room: the kernel drops the handshake.
func fullQueue(t testing.TB) netip.AddrPort {
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
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(sa.(*unix.SockaddrInet4).Port))
	for { // until one finds no room
		c, err := net.DialTimeout("tcp4", to.String(), soon)
		if err != nil {
			return to
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

// inNamespace runs a function in a network namespace of its own, in which nothing but loopback is up.
func inNamespace(t *testing.T, do func(run func(words string))) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // and the thread ends with the goroutine, since it is not unlocked
		if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			t.Errorf("unshare: %v", err)
			return
		}
		run := func(words string) {
			if out, err := exec.Command("sh", "-c", words).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", words, err, out)
			}
		}
		run("ip link set lo up")
		do(run)
	}()
	<-ended
}

// Every kind that the fleet can declare is one of these, or one of the two that need no goroutine; and what the fleet says arrives.
func TestEveryKindOfTheFleet(t *testing.T) {
	fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(`
director "lb1" {}
director "lb2" {}
cluster "c" {
  directors = ["lb1", "lb2"]
  virtual_server "web" {
    address    = "192.0.2.1"
    port       = 80
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "dr"
    health_check "https" {
      sni = "web.example.com"
      status = [200, 204]
      body = "^ok"
    }
    health_check "grpc" { service = "shop.Cart" }
    health_check "udp" {
      payload = "hex:ff 00"
      reply = ".*"
    }
    health_check "dns" { name = "example.com" }
    health_check "smtp" {}
    health_check "ping" { bind = "192.0.2.9" }
    health_check "exec" { command = ["/bin/true", "a b"] }
    health_check "file" { path = "/run/web" }
    real_server "192.0.2.21" {}
  }
}
`)}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v := fleet.Clusters[0].VirtualServers[0].Def
	made := []string{}
	for s := range v.EachKey() {
		for _, c := range v.Checks(&v.RealServers[0], s) {
			if _, err := New(c); err != nil {
				t.Errorf("%v: %v", c, err)
			}
			made = append(made, c.Kind)
		}
	}
	if want := slices.Sorted(maps.Keys(kinds)); !slices.Equal(slices.Sorted(slices.Values(made)), want) {
		t.Errorf("made %v, there are %v", made, want)
	}
	if _, err := New(spec.Check{Kind: "telepathy"}); err == nil || !strings.Contains(err.Error(), "this version has [dns exec file") {
		t.Errorf("%v", err)
	}
}
