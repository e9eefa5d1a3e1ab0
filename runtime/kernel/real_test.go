package kernel_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/moby/ipvs"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

var (
	web = spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))
	dns = spec.AddrService(spec.UDP, netip.MustParseAddrPort("192.0.2.1:53"))
)

func at(k spec.ServiceKey, s string) spec.DestKey {
	return spec.DestKey{Service: k, Addr: netip.MustParseAddrPort(s)}
}

func apply(t testing.TB, k real, changes ...spec.Change) {
	t.Helper()
	for _, err := range k.Apply(t.Context(), changes) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestHold observes sysctls of other places, that of an interface with a dot in its name too.
func TestHold(t *testing.T) {
	k := open(t)
	run(t, "", "ip", "-n", k.ns, "link", "add", "vlan.7", "type", "dummy")
	keys := []spec.SysctlKey{"net.ipv4.conf.vlan.7.rp_filter", "net.ipv4.ip_forward", "net.ipv4.nosuch"}
	k.Hold(keys...)
	st, err := k.ObserveFull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range keys {
		if _, ok := st.Sysctls.Find(key); ok != (i < 2) {
			t.Errorf("%s is observed: %v", key, ok)
		}
	}
}

func TestWithoutIPVS(t *testing.T) {
	if _, err := os.Stat("/proc/net/ip_vs"); err == nil {
		t.Skip("needs a kernel where IPVS is not loaded")
	}
	k, err := kernel.Open(kernel.Options{})
	if k != nil || !errors.Is(err, kernel.ErrNoIPVS) || !strings.Contains(err.Error(), "modprobe ip_vs") {
		t.Errorf("error %v, want %v", err, kernel.ErrNoIPVS)
	}
}

func TestWithoutPrivilege(t *testing.T) {
	needsIPVS(t)
	runtime.LockOSThread() // and never unlocked: the thread ends with the test's goroutine
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &new([2]unix.CapUserData)[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := kernel.Open(kernel.Options{}); !errors.Is(err, kernel.ErrPrivilege) {
		t.Errorf("error %v, want %v", err, kernel.ErrPrivilege)
	}
}

// TestLoDown: where lo was never up there is no table of local addresses, and the kernel takes no real server.
func TestLoDown(t *testing.T) {
	needsIPVS(t)
	ns := freshNamespace(t)
	k, err := kernel.Open(kernel.Options{Namespace: ns})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	changes := []spec.Change{kerneltest.Add(web, spec.Service{Scheduler: "rr"}), kerneltest.Add(at(web, "192.0.2.21:80"), spec.Dest{Weight: 1})}
	errs := k.Apply(t.Context(), changes)
	if errs[0] != nil || !errors.Is(errs[1], kernel.ErrLoDown) {
		t.Errorf("errors %v; want %v for the real server", errs, kernel.ErrLoDown)
	}
	run(t, "", "ip", "-n", ns, "link", "set", "lo", "up")
	if errs := k.Apply(t.Context(), changes[1:]); errs[0] != nil {
		t.Errorf("with lo up: %v", errs[0])
	}
}

// TestNamespaces: two kernels in two namespaces know nothing of each other, sysctls included.
func TestNamespaces(t *testing.T) {
	a, b := open(t), open(t)
	before, err := b.ObserveFull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	apply(t, a, kerneltest.Add(web, spec.Service{Scheduler: "rr"}), kerneltest.Edit(spec.SysctlKey("net.ipv4.vs.conn_reuse_mode"), spec.Setting("0")),
		kerneltest.Edit(spec.TimeoutTCP, spec.Seconds(77)))
	after, err := b.ObserveFull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := kerneltest.Diff(before, after); d != "" {
		t.Errorf("the other namespace changed:\n%s", d)
	}
	own, _ := a.ObserveFull(t.Context())
	if got, _ := own.Sysctls.Find("net.ipv4.vs.conn_reuse_mode"); got.Value != "0" {
		t.Errorf("the sysctl is %q", got.Value)
	}
}

const packets, size = 5, 100

// TestStrangers: the fast read sees what was changed by hand, between it and what it takes for known.
func TestStrangers(t *testing.T) {
	k := open(t)
	gue := spec.Dest{Weight: 1, Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}
	apply(t, k, kerneltest.Add(web, spec.Service{Scheduler: "wlc", Persistence: 60, Netmask: 32}), kerneltest.Add(at(web, "192.0.2.21:80"), gue),
		kerneltest.Add(at(web, "192.0.2.22:80"), spec.Dest{Weight: 1, Forward: spec.DR}))
	last, err := k.ObserveFull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"-e -t 192.0.2.1:80 -r 192.0.2.21:80 -i -w 2", // the tunnel becomes ipip with it
		"-e -t 192.0.2.1:80 -r 192.0.2.22:80 -i -w 1 --tun-type gre",
		"-a -t 192.0.2.1:80 -r 192.0.2.23:80 -m -w 7 -x 100 -y 50",
		"-a -t 192.0.2.1:80 -r [2001:db8::21]:80 -i",
		"-d -t 192.0.2.1:80 -r 192.0.2.22:80",
		"-E -t 192.0.2.1:80 -s rr -p 90 -M 255.255.255.0",
		"-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip -o",
		"-A -f 5 -s sh -b sh-port", "-D -t 192.0.2.1:80", "--set 61 62 63", "-C",
	} {
		run(t, "", "ip", append([]string{"netns", "exec", k.ns, "ipvsadm"}, strings.Fields(line)...)...)
		fast, err := k.ObserveFast(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		full, err := k.ObserveFull(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := kerneltest.Diff(full, fast); d != "" {
			t.Errorf("after ipvsadm %s (-full +fast):\n%s", line, d)
		}
		if kerneltest.Diff(last, full) == "" {
			t.Errorf("ipvsadm %s changed nothing", line)
		}
		last = full
	}
}

// TestTraffic sends packets through services and reads them counted.
func TestTraffic(t *testing.T) {
	k := open(t)
	apply(t, k, kerneltest.Add(dns, spec.Service{Scheduler: "rr"}), kerneltest.Add(at(dns, "10.77.0.2:53"), spec.Dest{Weight: 1, Forward: spec.DR}))
	run(t, "", "ip", "-n", k.ns, "route", "add", "192.0.2.1/32", "dev", "eth0")
	inNamespace(t, k.ns, func() {
		c, err := net.Dial("udp", "192.0.2.1:53")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		for range packets {
			if _, err := c.Write(make([]byte, size)); err != nil {
				t.Fatal(err)
			}
		}
	})
	got := counted(t, k)
	want := spec.Counters{Connections: 1, InPackets: packets, InBytes: packets * (20 + 8 + size)}
	for _, c := range []spec.Counters{got.Services[0].Counters, got.Dests[0].Counters} {
		if c.Connections != want.Connections || c.InPackets != want.InPackets || c.InBytes != want.InBytes {
			t.Errorf("counters %+v, want %+v", c, want)
		}
	}
	if d := got.Dests[0]; d.Active+d.Inactive != 1 {
		t.Errorf("%d active, %d inactive connections, want 1 of them", d.Active, d.Inactive)
	}
}

// counted reads until all is counted: the kernel sums its counters up every two seconds (ip_vs_est.c).
func counted(t *testing.T, k real) spec.Stats {
	t.Helper()
	const tries = 20000
	var got spec.Stats
	for i := 0; i < tries && (i == 0 || got.Dests[0].InPackets < packets || got.Services[0].InPackets < packets); i++ {
		var err error
		if got, err = k.Stats(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// TestMoby reads with moby/ipvs, as an oracle beside ipvsadm, what was applied: as far as it reads right.
func TestMoby(t *testing.T) {
	k := open(t)
	apply(t, k, kerneltest.Add(web, spec.Service{Scheduler: "wlc", Persistence: 300, Netmask: 24}),
		kerneltest.Add(at(web, "192.0.2.21:80"), spec.Dest{Weight: 3, Forward: spec.DR, Upper: 9, Lower: 4}), kerneltest.Edit(spec.TimeoutUDP, spec.Seconds(60)))
	h, err := ipvs.New("/run/netns/" + k.ns)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	services, err := h.GetServices()
	if err != nil || len(services) != 1 {
		t.Fatalf("%d services, error %v", len(services), err)
	}
	s := services[0]
	if got := fmt.Sprintln(s.Address, s.Port, s.SchedName, s.Flags&1, s.Timeout, s.Netmask); got != fmt.Sprintln("192.0.2.1", 80, "wlc", 1, 300, 0x00ffffff) {
		t.Errorf("service %s", got)
	}
	dests, err := h.GetDestinations(s)
	if err != nil || len(dests) != 1 {
		t.Fatalf("%d real servers, error %v", len(dests), err)
	}
	d := dests[0]
	if got := fmt.Sprintln(d.Address, d.Port, d.Weight, d.ConnectionFlags, d.UpperThreshold, d.LowerThreshold); got != fmt.Sprintln("192.0.2.21", 80, 3, 3, 9, 4) {
		t.Errorf("real server %s", got)
	}
	if c, err := h.GetConfig(); err != nil || c.TimeoutUDP.Seconds() != 60 {
		t.Errorf("timeouts %+v, error %v", c, err)
	}
}
