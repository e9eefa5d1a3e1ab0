package kerneltest_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

var (
	web  = spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))
	real = spec.DestKey{Service: web, Addr: netip.MustParseAddrPort("192.0.2.21:80")}
)

func apply(t *testing.T, k *kerneltest.Kernel, changes ...spec.Change) {
	t.Helper()
	for _, err := range k.Apply(t.Context(), changes) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func everything() []spec.Change {
	return []spec.Change{
		kerneltest.Add(web, spec.Service{Scheduler: "sh", Flags: spec.SchedFlag1 | spec.OnePacket, Persistence: 300, Netmask: 24, Engine: "sip"}),
		kerneltest.Add(real, spec.Dest{Weight: 3, Forward: spec.Tun, Upper: 9, Lower: 1, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080, Checksum: spec.Sum}}),
		kerneltest.Add(spec.MarkService(7, spec.IPv6), spec.Service{Scheduler: "rr"}),
		kerneltest.Add(spec.RoleBackup, spec.Daemon{SyncID: 7, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1472}),
		kerneltest.Edit(spec.TimeoutTCP, spec.Seconds(60)),
		kerneltest.Edit(spec.SysctlKey("net.ipv4.ip_forward"), spec.Setting("1")),
	}
}

// TestFile: a kernel outlives the process that changes it, at every point.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel")
	k, err := kerneltest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, k, everything()...)
	want, _ := k.ObserveFull(t.Context())
	again, err := kerneltest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := again.ObserveFull(t.Context()); kerneltest.Diff(want, got) != "" {
		t.Errorf("(-want +read):\n%s", kerneltest.Diff(want, got))
	}
	seen := ""
	again.Fail = func(c spec.Change) error {
		other, err := kerneltest.Open(path)
		seen += other.String()
		return err
	}
	apply(t, again, kerneltest.Remove(real), kerneltest.Remove(web))
	if strings.Count(seen, "-r 192.0.2.21:80") != 1 || strings.Count(seen, "-A -t 192.0.2.1:80") != 2 {
		t.Errorf("the file before each change:\n%s", seen)
	}
}

func TestFaults(t *testing.T) {
	k := kerneltest.New()
	broken := errors.New("broken")
	k.Fail = func(c spec.Change) error {
		if c.Key == spec.Key(real) {
			return broken
		}
		return nil
	}
	errs := k.Apply(t.Context(), everything())
	for i, err := range errs {
		if errors.Is(err, broken) != (i == 1) {
			t.Errorf("change %d: error %v", i, err)
		}
	}
	k.Fail, k.LoDown, k.Missing = nil, true, []string{"ip_vs_sh"}
	var missing *kernel.MissingModule
	errs = k.Apply(t.Context(), []spec.Change{everything()[1], kerneltest.Edit(web, spec.Service{Scheduler: "sh"})})
	if !errors.As(errs[0], &missing) || !errors.As(errs[1], &missing) {
		t.Errorf("errors %v", errs)
	}
	if errs = k.Apply(t.Context(), everything()[1:2]); !errors.Is(errs[0], kernel.ErrLoDown) {
		t.Errorf("error %v, want %v", errs[0], kernel.ErrLoDown)
	}
}

func TestString(t *testing.T) {
	k := kerneltest.New()
	apply(t, k, everything()...)
	const want = `-A -t 192.0.2.1:80 -s sh -p 300 -M 255.255.255.0 --pe sip -o -b sh-fallback
-a -t 192.0.2.1:80 -r 192.0.2.21:80 -i -w 3 -x 9 -y 1 --tun-type gue --tun-port 6080 --tun-csum
-A -f 7 -6 -s rr
--start-daemon backup --mcast-interface eth0 --syncid 7 --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1
`
	if d := cmp.Diff(want, k.String()); d != "" {
		t.Error(d)
	}
}

// TestCount: what a real server counted comes back with it from the trash, and goes with its service.
func TestCount(t *testing.T) {
	k := kerneltest.New()
	apply(t, k, everything()...)
	k.Count(spec.DestStats{Key: real, Active: 2, Counters: spec.Counters{Connections: 5}})
	apply(t, k, kerneltest.Remove(real), everything()[1])
	st, err := k.Stats(t.Context(), web)
	if err != nil || st.Dests[0].Active != 2 || st.Services[0].Connections != 5 {
		t.Errorf("counters %+v, error %v", st, err)
	}
	apply(t, k, append([]spec.Change{kerneltest.Remove(web)}, everything()[:2]...)...)
	if st, _ = k.Stats(t.Context(), web); st.Services[0].Connections != 0 {
		t.Errorf("counters %+v", st)
	}
}
