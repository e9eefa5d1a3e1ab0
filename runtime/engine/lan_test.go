package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/engine/line"
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

// node is an engine in a process of its own.
type node struct {
	*line.Client
	t    testing.TB
	lan  *lan
	n    int
	dir  string
	cmd  *exec.Cmd
	said *bytes.Buffer
	seen uint64 // serial of the newest event that was looked at
}

// far is a deadline that only a fault reaches.
const far = 60 * time.Second

func (l *lan) start(n int, env ...string) *node {
	l.t.Helper()
	e := &node{t: l.t, lan: l, n: n, dir: memoryDir(l.t), said: &bytes.Buffer{}}
	e.launch(env...)
	l.t.Cleanup(func() {
		e.kill()
		if l.t.Failed() {
			l.t.Logf("engine %d said:\n%s", n, e.said)
		}
	})
	return e
}

// memoryDir is on a tmpfs as /run is: a page of a file on a disk makes the loop wait when the disk is busy.
func memoryDir(t testing.TB) string {
	t.Helper()
	for _, base := range []string{"/dev/shm", "/run"} {
		if onDisk(base) {
			continue
		}
		if dir, err := os.MkdirTemp(base, "lbsync-test-"); err == nil {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			return dir
		}
	}
	return t.TempDir()
}

// launch starts the process and waits until it is ready.
func (e *node) launch(env ...string) {
	e.t.Helper()
	ready, theirs, err := os.Pipe()
	if err != nil {
		e.t.Fatal(err)
	}
	args := []string{"netns", "exec", e.lan.hosts[e.n]}
	for _, v := range env {
		if wrap, ok := strings.CutPrefix(v, "LBSYNC_TEST_WRAP="); ok {
			args = append(args, strings.Fields(wrap)...)
		}
	}
	e.cmd = exec.Command("ip", append(args, os.Args[0])...)
	e.cmd.Env = append(append(os.Environ(), engineDir+"="+e.dir, engineReady+"=1", realtime), env...)
	e.cmd.Stderr, e.cmd.ExtraFiles = e.said, []*os.File{theirs}
	if err := errors.Join(e.cmd.Start(), theirs.Close()); err != nil {
		e.t.Fatal(err)
	}
	_ = ready.SetReadDeadline(time.Now().Add(far))
	if _, err := ready.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) && err.Error() != "EOF" {
		e.t.Fatalf("engine %d is not ready: %v", e.n, err)
	}
	_ = ready.Close()
	if e.Client, err = line.Dial(filepath.Join(e.dir, "sock")); err != nil {
		e.t.Fatalf("engine %d: %v\n%s", e.n, err, e.said)
	}
}

func (e *node) signal(s syscall.Signal) {
	e.t.Helper()
	if err := e.cmd.Process.Signal(s); err != nil {
		e.t.Fatal(err)
	}
}

func (e *node) kill() {
	if e.cmd.ProcessState == nil {
		_ = e.cmd.Process.Kill()
		_ = e.cmd.Wait()
	}
}

// stop ends the engine as systemd does.
func (e *node) stop() {
	e.t.Helper()
	e.signal(syscall.SIGTERM)
	if err := e.cmd.Wait(); err != nil {
		e.t.Fatalf("engine %d: %v\n%s", e.n, err, e.said)
	}
}

func (e *node) want(v spec.VRRP, secrets map[string]string) {
	e.t.Helper()
	if err := e.Want(e.t.Context(), v, secrets); err != nil {
		e.t.Fatal(err)
	}
}

// next is the next event.
func (e *node) next() spec.VRRPEvent {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), far)
	defer cancel()
	got, err := e.Events(ctx, e.seen)
	if err != nil {
		e.t.Fatalf("engine %d: wait for event %d: %v", e.n, e.seen+1, err)
	}
	e.seen = got.Events[0].Serial
	return got.Events[0]
}

// becomes waits for a state of an instance, and gives the event.
func (e *node) becomes(i spec.InstanceKey, s spec.VRRPState) spec.VRRPEvent {
	e.t.Helper()
	for {
		if ev := e.next(); ev.Instance == i && ev.To == s && ev.From != s {
			return ev
		}
	}
}

// until waits, by status, for what no event tells.
func (e *node) until(what string, is func(spec.VRRPStatus) bool) spec.VRRPStatus {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), far)
	defer cancel()
	for {
		s, err := e.Status(ctx)
		if err != nil {
			e.t.Fatalf("engine %d: wait until %s: %v", e.n, what, err)
		}
		if is(s) {
			return s
		}
	}
}

func (e *node) instance(i spec.InstanceKey) spec.InstanceStatus {
	e.t.Helper()
	s, err := e.Status(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	return find(s, i)
}

func find(s spec.VRRPStatus, i spec.InstanceKey) spec.InstanceStatus {
	for _, is := range s.Instances {
		if is.Name == i {
			return is
		}
	}
	return spec.InstanceStatus{}
}

// holds waits until an instance holds all, or nothing, of its addresses.
func (e *node) holds(i spec.InstanceKey, count int) {
	e.t.Helper()
	e.until("the instance holds "+strconv.Itoa(count), func(s spec.VRRPStatus) bool { return find(s, i).Held == count })
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
