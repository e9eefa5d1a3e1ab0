package reconcile_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

func all[T any](v T) spec.PerDirector[T] { return spec.PerDirector[T]{All: &v} }

// viewOf is lb1's view of some clusters.
func viewOf(sysctls []spec.Sysctl, clusters ...spec.Cluster) spec.View {
	return spec.View{
		Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1", Sysctls: sysctls}, Place: spec.Place{File: "lb1.hcl"}},
		Clusters: clusters,
	}
}

// syncing is a cluster of which only connection_sync matters.
func syncing(name string, syncid uint8, mode spec.SyncMode, follow string) spec.Cluster {
	return spec.Cluster{Name: name, Place: spec.Place{File: name + ".hcl"}, Sync: &spec.ConnectionSync{
		SyncID: all(syncid), Interface: spec.PerDirector[string]{By: map[string]string{"lb1": "eth0"}}, Mode: mode, Follow: follow, At: spec.Mark{Line: 2}}}
}

func server(addr string, weight int32, line uint32) spec.RealServer {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		a = netip.AddrPortFrom(netip.MustParseAddr(addr), 0)
	}
	return spec.RealServer{Addr: a, Dest: spec.Dest{Weight: weight, Forward: spec.DR}, At: spec.Mark{Line: line}}
}

func TestWantOfServices(t *testing.T) {
	web := &spec.VirtualServer{
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.1")}, Ports: []uint16{443, 80},
		Protocol: spec.TCP, Service: spec.Service{Scheduler: "wrr"}, At: spec.Mark{Line: 1},
		RealServers: []spec.RealServer{server("192.0.2.22", 5, 3), server("192.0.2.21", 0, 2)},
	}
	mark := &spec.VirtualServer{FWMark: 7, Family: spec.IPv6, Service: spec.Service{Scheduler: "sh", Flags: spec.SchedFlag1},
		RealServers: []spec.RealServer{server("[2001:db8::21]:80", 1, 0)}}
	got, holds := reconcile.Want(viewOf(nil, spec.Cluster{VirtualServers: []spec.Placed[spec.VirtualServer]{
		{Def: mark}, {Def: web, Place: spec.Place{File: "web.hcl", Base: 40}},
	}}), spec.Facts{})
	want := ""
	for _, s := range []string{"192.0.2.1:80", "192.0.2.1:443", "192.0.2.2:80", "192.0.2.2:443"} {
		port := netip.MustParseAddrPort(s).Port()
		want += "-A -t " + s + " -s wrr\n"
		want += "-a -t " + s + " -r " + netip.AddrPortFrom(netip.MustParseAddr("192.0.2.21"), port).String() + " -g -w 0\n"
		want += "-a -t " + s + " -r " + netip.AddrPortFrom(netip.MustParseAddr("192.0.2.22"), port).String() + " -g -w 5\n"
	}
	want += "-A -f 7 -6 -s sh -b 8\n-a -f 7 -6 -r [2001:db8::21]:80 -g -w 1\n"
	if d := cmp.Diff(want, reconciletest.Format(got)); d != "" || len(holds) != 0 {
		t.Errorf("%v %s", holds, d)
	}
	if s, d := got.Services[0].Pos.String(), got.Dests[0].Pos.String(); s != "web.hcl:41" || d != "web.hcl:42" {
		t.Errorf("service is at %s, real server at %s", s, d)
	}
}

func TestWantOfDaemons(t *testing.T) {
	const master, backup = "--start-daemon master --mcast-interface eth0 --syncid 11\n", "--start-daemon backup --mcast-interface eth0 --syncid 11\n"
	nowhere := syncing("a", 11, spec.SyncBoth, "")
	nowhere.Sync.Interface = spec.PerDirector[string]{By: map[string]string{"lb2": "eth0"}}
	roles := map[string]spec.Role{"vi": spec.RoleMaster, "vj": spec.RoleBackup}
	for _, tc := range []struct {
		name     string
		clusters []spec.Cluster
		want     string
		holds    []spec.Hold
	}{
		{"none", []spec.Cluster{{Name: "a"}}, "", nil},
		{"both", []spec.Cluster{syncing("a", 11, spec.SyncBoth, "")}, master + backup, nil},
		{"follow master", []spec.Cluster{syncing("a", 11, spec.SyncFollow, "vi")}, master, nil},
		{"follow backup", []spec.Cluster{syncing("a", 11, spec.SyncFollow, "vj")}, backup, nil},
		{"two clusters, two roles", []spec.Cluster{syncing("a", 11, spec.SyncFollow, "vi"), syncing("b", 11, spec.SyncFollow, "vj")},
			master + backup, nil},
		{"two clusters agree", []spec.Cluster{syncing("a", 11, spec.SyncBoth, ""), syncing("b", 11, spec.SyncBoth, "")}, master + backup, nil},
		{"role not known", []spec.Cluster{syncing("a", 11, spec.SyncFollow, "vk")}, "", bothHeld(`it follows vrrp_instance "vk", whose role is not known yet`)},
		{"role not known, another cluster knows", []spec.Cluster{syncing("a", 11, spec.SyncBoth, ""), syncing("b", 11, spec.SyncFollow, "vk")},
			"", bothHeld(`it follows vrrp_instance "vk", whose role is not known yet`)},
		{"no interface", []spec.Cluster{nowhere}, "", bothHeld(`connection_sync of cluster "a" gives no interface or no syncid for "lb1"`)},
		{"two clusters disagree", []spec.Cluster{syncing("a", 11, spec.SyncFollow, "vi"), syncing("b", 12, spec.SyncFollow, "vi")}, "",
			[]spec.Hold{{Key: spec.RoleMaster, Why: "declared with different settings at a.hcl:2 and b.hcl:2; make them agree"},
				{Key: spec.FollowSyncKey("vi"), Why: "declared with different settings at a.hcl:2 and b.hcl:2; make them agree"}}},
	} {
		got, holds := reconcile.Want(viewOf(nil, tc.clusters...), spec.Facts{Roles: roles})
		got.VRRP = spec.VRRP{}
		if d := cmp.Diff(tc.want, reconciletest.Format(got)); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
		if d := cmp.Diff(tc.holds, holds); d != "" {
			t.Errorf("%s: holds %s", tc.name, d)
		}
	}
}

func bothHeld(why string) []spec.Hold {
	return []spec.Hold{{Key: spec.RoleMaster, Why: why}, {Key: spec.RoleBackup, Why: why}}
}

func TestWantOfSettings(t *testing.T) {
	sysctl := func(name, value string, line uint32) []spec.Sysctl {
		return []spec.Sysctl{{Key: spec.SysctlKey(name), Value: spec.Setting(value), At: spec.Mark{Line: line}}}
	}
	c := syncing("a", 11, spec.SyncBoth, "")
	c.Sync.Sysctls = append(sysctl("net.ipv4.vs.sync_threshold", "3 50", 5), sysctl("net.ipv4.vs.sync_ports", "1", 6)...)
	c.Timeouts = []spec.Timeout{{Key: spec.TimeoutUDP, Value: 5 * time.Minute}, {Key: spec.TimeoutTCP, Value: 900 * time.Second}}
	director := append(sysctl("net.ipv4.vs.sync_threshold", "0 1", 3), sysctl("net.ipv4.conf.all.arp_ignore", "1", 4)...)
	got, holds := reconcile.Want(viewOf(director, c), spec.Facts{})
	got.Daemons = nil
	want := "--set tcp 900\n--set udp 300\nnet.ipv4.conf.all.arp_ignore = 1\nnet.ipv4.vs.sync_ports = 1\n"
	if d := cmp.Diff(want, reconciletest.Format(got)); d != "" {
		t.Error(d)
	}
	held := []spec.Hold{{Key: spec.SysctlKey("net.ipv4.vs.sync_threshold"),
		Why: "declared with different settings at lb1.hcl:3 and a.hcl:5; make them agree"}}
	if d := cmp.Diff(held, holds); d != "" {
		t.Error(d)
	}
}

// A default gives way to what the director is told; nothing contradicts it.
func TestWantOfADefaultSetting(t *testing.T) {
	c := syncing("a", 11, spec.SyncBoth, "")
	c.Sync.Sysctls = []spec.Sysctl{{Key: spec.SyncThreshold, Value: "2 50", Usual: true}}
	for want, own := range map[spec.Setting][]spec.Sysctl{"2 50": nil, "3 10": {{Key: spec.SyncThreshold, Value: "3 10"}}} {
		got, holds := reconcile.Want(viewOf(own, c), spec.Facts{})
		if row, _ := got.Sysctls.Find(spec.SyncThreshold); row.Value != want || len(got.Sysctls) != 1 || len(holds) > 0 {
			t.Errorf("%v instead of %q, holds %v", got.Sysctls, want, holds)
		}
	}
}

// Two clusters of one director cannot both have a service: neither wins, and the real servers wait with it.
func TestWantOfOneServiceDeclaredTwice(t *testing.T) {
	vs := func(scheduler string) spec.Placed[spec.VirtualServer] {
		return spec.Placed[spec.VirtualServer]{Place: spec.Place{File: scheduler}, Def: &spec.VirtualServer{
			Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Ports: []uint16{80}, Protocol: spec.TCP,
			Service: spec.Service{Scheduler: scheduler}, RealServers: []spec.RealServer{server("192.0.2.21", 1, 2)}, At: spec.Mark{Line: 1},
		}}
	}
	c := spec.Cluster{VirtualServers: []spec.Placed[spec.VirtualServer]{vs("rr"), vs("lc")}}
	got, holds := reconcile.Want(viewOf(nil, c), spec.Facts{})
	if len(got.Services)+len(got.Dests) != 0 || len(holds) != 1 || holds[0].Key != spec.Key(serviceKeys[0]) {
		t.Errorf("%v %v", got, holds)
	}
}
