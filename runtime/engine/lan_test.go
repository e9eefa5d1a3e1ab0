package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// engineDir makes the test program an engine that keeps its files there.
const engineDir = "LBSYNC_TEST_ENGINE"

// engineReady says that descriptor 3 is to be closed when the engine is ready.
const engineReady = "LBSYNC_TEST_READY"

func TestMain(m *testing.M) {
	dir := os.Getenv(engineDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := Run(ctx, Options{
		Socket: filepath.Join(dir, "sock"), State: filepath.Join(dir, "state"), Program: "test", Realtime: os.Getenv("LBSYNC_TEST_REALTIME") != "",
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Ready: func() {
			if os.Getenv(engineReady) != "" { // the program that SIGHUP executes has no pipe any more
				_ = os.Unsetenv(engineReady)
				_ = os.NewFile(3, "ready").Close()
			}
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// lan is a switch with hosts, each a network namespace with an interface eth0.
type lan struct {
	t     testing.TB
	name  string
	hosts []string
}

var lans struct {
	sync.Mutex
	count int
}

func newLAN(t testing.TB, hosts int) *lan {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: engines run in network namespaces")
	}
	lans.Lock()
	lans.count++
	l := &lan{t: t, name: fmt.Sprintf("lbe%d-%d", os.Getpid(), lans.count)}
	lans.Unlock()
	l.add(l.name)
	l.ip(l.name, "link add br0 type bridge mcast_snooping 0")
	l.ip(l.name, "link set br0 up")
	for n := range hosts {
		host := fmt.Sprintf("%s-%d", l.name, n)
		l.add(host)
		l.hosts = append(l.hosts, host)
		l.sysctl(host, "net/ipv6/conf/all/accept_dad", "0")
		l.sysctl(host, "net/ipv6/conf/default/accept_dad", "0")
		l.cable(n, "eth0")
		l.ip(host, fmt.Sprintf("addr add 10.9.0.%d/24 dev eth0", n+1))
	}
	return l
}

// cable connects an interface of a host to the switch.
func (l *lan) cable(n int, iface string) {
	l.t.Helper()
	plug := fmt.Sprintf("p%d%s", n, iface)
	l.ip(l.name, fmt.Sprintf("link add %s type veth peer name %s netns %s", plug, iface, l.hosts[n]))
	l.ip(l.name, fmt.Sprintf("link set %s master br0 up", plug))
	l.ip(l.hosts[n], fmt.Sprintf("link set %s up", iface))
}

func (l *lan) add(ns string) {
	l.t.Helper()
	l.run("ip", "netns", "add", ns)
	l.t.Cleanup(func() { l.run("ip", "netns", "del", ns) })
	l.ip(ns, "link set lo up")
}

func (l *lan) run(name string, args ...string) string {
	l.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ip runs ip(8) in a namespace.
func (l *lan) ip(ns, args string) string {
	l.t.Helper()
	return l.run("ip", append([]string{"-n", ns}, strings.Fields(args)...)...)
}

func (l *lan) sysctl(ns, name, value string) {
	l.t.Helper()
	l.run("ip", "netns", "exec", ns, "sh", "-c", "echo "+value+" > /proc/sys/"+name)
}

// addresses are those of an interface but the host's own: 10.9.0.N and the link-local one that the kernel makes of the MAC.
func (l *lan) addresses(n int, iface string) map[string]bool {
	l.t.Helper()
	out := map[string]bool{}
	for _, line := range strings.Split(l.ip(l.hosts[n], "-o addr show dev "+iface), "\n") {
		f := strings.Fields(line)
		if len(f) > 3 && f[3] != fmt.Sprintf("10.9.0.%d/24", n+1) && !strings.Contains(f[3], "ff:fe") {
			out[f[3]] = true
		}
	}
	return out
}

// plain is a wanted state of one instance with the usual settings.
func plain(priority uint8, change ...func(*spec.Instance)) spec.VRRP {
	i := spec.Instance{
		Interface: "eth0", RouterID: 51, Version: 3, Family: spec.IPv4, Priority: priority, Interval: 100 * time.Millisecond, Preempt: true,
		Group: netip.MustParseAddr("224.0.0.18"), DownAdverts: 3, Announce: spec.Announce{Repeat: 2},
	}
	for _, f := range change {
		f(&i)
	}
	v := spec.VRRP{Instances: spec.Rows[spec.InstanceKey, spec.Instance]{{Key: "web", Value: i}}}
	return with(v, "web", "10.9.0.100/24")
}

// with adds addresses to an instance.
func with(v spec.VRRP, i spec.InstanceKey, prefixes ...string) spec.VRRP {
	for _, p := range prefixes {
		v.Addresses = append(v.Addresses, spec.Row[spec.AddressKey, spec.Address]{
			Key: spec.AddressKey{Instance: i, Prefix: netip.MustParsePrefix(p)}, Value: spec.Address{Device: "eth0", Scope: "global"}})
	}
	v.Addresses.Sort()
	return v
}
