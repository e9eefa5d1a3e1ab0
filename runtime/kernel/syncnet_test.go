package kernel_test

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// syncPair is two namespaces with a wire between them.
func syncPair(t *testing.T) (a, b kernel.SyncNet) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	first, second := freshNamespace(t), freshNamespace(t)
	run(t, "", "ip", "-n", first, "link", "add", "sync0", "type", "veth", "peer", "name", "sync0", "netns", second)
	for i, ns := range []string{first, second} {
		host := string(rune('1' + i))
		run(t, "link set lo up\naddr add 192.0.2."+host+"/24 dev sync0\naddr add fd77::"+host+"/64 dev sync0 nodad\nlink set sync0 addrgenmode none\nlink set sync0 up\naddr add fe80::"+host+"/64 dev sync0 nodad\n", "ip", "-n", ns, "-batch", "-")
	}
	carrier(t, first, second)
	return kernel.SyncNet{Namespace: first}, kernel.SyncNet{Namespace: second}
}

// carrier waits until the wire is up at both ends: before, the kernel drops what is sent (net/core/link_watch.c).
func carrier(t *testing.T, namespaces ...string) {
	t.Helper()
	patience := time.NewTimer(plenty)
	defer patience.Stop()
	for _, ns := range namespaces {
		for {
			out, err := exec.CommandContext(t.Context(), "ip", "-n", ns, "link", "show", "sync0").CombinedOutput()
			if strings.Contains(string(out), "state UP") {
				break
			}
			select {
			case <-patience.C:
				t.Fatalf("sync0 of %s does not come up: %s %v", ns, out, err)
			default:
			}
		}
	}
}

var (
	sync4 = spec.Daemon{SyncID: 7, Interface: "sync0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1400}
	sync6 = spec.Daemon{SyncID: 7, Interface: "sync0", Group: netip.MustParseAddr("ff02::81"), Port: 8848, TTL: 1, MaxLen: 1400}
)

func message(t *testing.T, syncid uint8) []byte {
	t.Helper()
	p := connsync.NewPacker(syncid, 1400)
	at := netip.MustParseAddrPort("192.0.2.9:80")
	if !p.Add(&connsync.Conn{Proto: connsync.TCP, State: 1, Client: at, Virtual: at, Real: at}) {
		t.Fatal("full")
	}
	return p.Take()
}

const plenty = 30 * time.Second // for what comes at once

// TestSyncSenderAndListener: all listeners of the other host hear a message, those of the own host none.
func TestSyncSenderAndListener(t *testing.T) {
	for _, c := range []struct {
		name string
		d    spec.Daemon
		from string
	}{{"IPv4", sync4, "192.0.2.1"}, {"IPv6", sync6, "fe80::1"}} {
		t.Run(c.name, func(t *testing.T) {
			a, b := syncPair(t)
			own, one, two := listener(t, a, c.d), listener(t, b, c.d), listener(t, b, c.d)
			s, err := a.Sender(c.d)
			if err != nil {
				t.Fatal(err)
			}
			check(t, s.Send([]byte("rubbish")))
			check(t, s.Send(message(t, 7)))
			check(t, s.Close())
			for _, l := range []*kernel.SyncListener{one, two} {
				h, from, err := l.Receive(plenty)
				if err != nil || from.String() != c.from || h != (connsync.Header{Version: 1, SyncID: 7, Size: 44, Count: 1}) {
					t.Errorf("%+v from %s, error %v", h, from, err)
				}
			}
			back, err := b.Sender(c.d)
			if err != nil {
				t.Fatal(err)
			}
			check(t, back.Send(message(t, 8)))
			check(t, back.Close())
			if h, from, err := own.Receive(plenty); err != nil || h.SyncID != 8 {
				t.Errorf("the first that the sender's host hears is %+v from %s, error %v; want the other's", h, from, err)
			}
		})
	}
}

func listener(t *testing.T, n kernel.SyncNet, d spec.Daemon) *kernel.SyncListener {
	t.Helper()
	l, err := n.Listener(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestSyncListenerEnds(t *testing.T) {
	a, _ := syncPair(t)
	l := listener(t, a, sync4)
	if _, _, err := l.Receive(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nothing came: %v", err)
	}
	if !l.Attached() {
		t.Error("its interface is there")
	}
	run(t, "", "ip", "-n", a.Namespace, "link", "del", "sync0")
	if l.Attached() {
		t.Error("its interface is gone")
	}
	run(t, "", "ip", "-n", a.Namespace, "link", "add", "sync0", "type", "bridge")
	if l.Attached() {
		t.Error("another has its interface's name")
	}
	ended := make(chan error)
	go func() {
		_, _, err := l.Receive(time.Hour)
		ended <- err
	}()
	check(t, l.Close())
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := a.Listener(spec.Daemon{Interface: "missing0", Group: sync4.Group, Port: 8848}); err == nil {
		t.Error("it listens on an interface that is not there")
	}
	if _, err := a.Sender(sync4); err == nil {
		t.Error("it sends on an interface without an address")
	}
}

func TestRelease(t *testing.T) {
	want, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (kernel.SyncNet{}).Release(); err != nil || got+"\n" != string(want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}
