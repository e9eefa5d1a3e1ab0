package engine

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// ipvs is the kernel of a host, to look at its sync daemons from outside.
func (l *lan) ipvs(n int) *kernel.Kernel {
	l.t.Helper()
	k, err := kernel.Open(kernel.Options{Namespace: l.hosts[n], Modprobe: true})
	if err != nil {
		l.t.Skipf("needs IPVS: %v", err)
	}
	l.t.Cleanup(func() { _ = k.Close() })
	return k
}

// followed is plain with a sync daemon on its own interface, and whose role the instance has.
func followed(priority uint8) spec.VRRP {
	v := plain(priority)
	v.Follow = spec.Rows[spec.FollowSyncKey, spec.FollowSync]{{Key: "web", Value: spec.FollowSync{
		Daemon: spec.Daemon{SyncID: 7, Interface: "sync0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1400}}}}
	return v
}

// runs waits until exactly these daemons run, as they are wanted.
func (e *node) runs(k *kernel.Kernel, roles ...spec.Role) {
	e.t.Helper()
	want := followed(1).Follow[0].Value.Daemon
	e.until(fmt.Sprint("daemons run as ", roles), func(spec.VRRPStatus) bool {
		live, err := k.Daemons(e.t.Context())
		if err != nil {
			e.t.Fatal(err)
		}
		return len(live) == len(roles) && !slices.ContainsFunc(live, func(r spec.Row[spec.Role, spec.Daemon]) bool {
			return !slices.Contains(roles, r.Key) || r.Value != want
		})
	})
}

// On a kernel with IPVS the daemons of mode follow have the roles of the election, over a failover and back, and what somebody else
// does to them does not last.
func TestFollowOnIPVS(t *testing.T) {
	l := newLAN(t, 2)
	ka, kb := l.ipvs(0), l.ipvs(1)
	sync := func(n int) {
		l.cable(n, "sync0")
		l.ip(l.hosts[n], fmt.Sprintf("addr add 10.8.0.%d/24 dev sync0", n+1))
	}
	sync(0)
	sync(1)
	a, b := l.start(0), l.start(1)
	a.want(followed(101), nil)
	a.becomes("web", spec.VRRPMaster)
	a.runs(ka, spec.RoleMaster)
	b.want(followed(100), nil)
	b.runs(kb, spec.RoleBackup)

	if err := ka.StopDaemon(context.Background(), spec.RoleMaster); err != nil {
		t.Fatal(err)
	}
	a.runs(ka, spec.RoleMaster)

	l.ip(l.hosts[1], "link del sync0")
	b.until("the missing interface is told", func(s spec.VRRPStatus) bool {
		return strings.Contains(strings.Join(s.Problems, "\n"), "sync daemon backup")
	})
	sync(1)
	b.runs(kb, spec.RoleBackup)

	a.stop()
	b.becomes("web", spec.VRRPMaster)
	b.runs(kb, spec.RoleMaster)
	a.launch()
	a.becomes("web", spec.VRRPMaster)
	a.runs(ka, spec.RoleMaster)
	b.runs(kb, spec.RoleBackup)
}

// An interface without an IPv4 address, on which the kernel starts a daemon that never works, is refused beforehand and told.
func TestFollowNeedsAnAddress(t *testing.T) {
	l := newLAN(t, 1)
	k := l.ipvs(0)
	l.cable(0, "sync0")
	a := l.start(0)
	a.want(followed(100), nil)
	a.becomes("web", spec.VRRPMaster)
	s := a.until("the problem is told", func(s spec.VRRPStatus) bool { return len(s.Problems) > 0 })
	if want := "web: start sync daemon master: "; !strings.HasPrefix(s.Problems[0], want) || !strings.Contains(s.Problems[0], "sync0") {
		t.Errorf("problems are %q", s.Problems)
	}
	a.holds("web", 1)
	if live, err := k.Daemons(t.Context()); err != nil || len(live) != 0 {
		t.Errorf("running are %+v, %v", live, err)
	}
	l.ip(l.hosts[0], "addr add 10.8.0.1/24 dev sync0")
	a.runs(k, spec.RoleMaster)
	a.until("no problem is left", func(s spec.VRRPStatus) bool { return len(s.Problems) == 0 })
}
