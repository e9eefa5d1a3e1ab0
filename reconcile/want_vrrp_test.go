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

func by[T any](lb1, lb2 T) spec.PerDirector[T] {
	return spec.PerDirector[T]{By: map[string]T{"lb1": lb1, "lb2": lb2}}
}

// codis is a unicast instance of lb1, lb2 and lb3.
func codis() *spec.VRRPInstance {
	return &spec.VRRPInstance{
		Name: "codis", Interface: all("eth0"), VirtualRouterID: 79, Version: 2, Family: spec.IPv4, Priority: all[uint8](100), AdvertInterval: time.Second,
		Unicast: true, TTLMin: 254, TTLMax: 255, AuthSecret: "vrrp", DownTimerAdverts: 3, At: spec.Mark{Line: 1},
		Addresses: []spec.VirtualAddress{
			{Prefix: netip.MustParsePrefix("192.0.2.101/32"), Device: all("lo"), Scope: "host", Excluded: true, At: spec.Mark{Line: 3}},
			{Prefix: netip.MustParsePrefix("192.0.2.100/32"), Scope: "global", Label: "eth0:1", At: spec.Mark{Line: 2}},
		},
		Routes: []spec.VirtualRoute{
			{To: netip.MustParsePrefix("198.51.100.0/24"), Table: 254, At: spec.Mark{Line: 4}},
			{To: netip.MustParsePrefix("203.0.113.0/24"), Via: netip.MustParseAddr("192.0.2.1"), Table: 100, Metric: 5},
		},
		Rules: []spec.VirtualRule{{Name: "r", FWMark: 7, Table: 100, Priority: 10}},
		Track: []spec.Tracker{
			{Kind: "script", Name: "s", Command: []string{"/bin/check", "x"}, Interval: time.Second, Timeout: time.Second, Rise: 2, Fall: 3, Weight: -10},
			{Kind: "interface", Name: "eth1", UpDelay: 5 * time.Second, DownDelay: time.Second},
		},
	}
}

func director(name, endpoint string) *spec.Director {
	d := &spec.Director{Name: name}
	if endpoint != "" {
		d.Endpoint = netip.MustParseAddrPort(endpoint)
	}
	return d
}

// wantVRRP is lb1's wanted state of one instance in a cluster of three directors, two of which have an endpoint.
func wantVRRP(i *spec.VRRPInstance, groups ...spec.VRRPSyncGroup) (spec.State, []spec.Hold) {
	v := viewOf(nil, spec.Cluster{Name: "c", Directors: []string{"lb1", "lb2", "lb3"}, SyncGroups: groups,
		Instances: []spec.Placed[spec.VRRPInstance]{{Def: i, Place: spec.Place{File: "c.hcl", Base: 10}}}})
	v.Director.Def.Endpoint = netip.MustParseAddrPort("192.0.2.11:7946")
	v.Others = []spec.Placed[spec.Director]{{Def: director("lb2", "192.0.2.12:7946")}, {Def: director("lb3", "")}}
	return reconcile.Want(v, spec.Facts{})
}

func TestWantOfInstance(t *testing.T) {
	i := codis()
	i.Source = spec.PerDirector[netip.Addr]{By: map[string]netip.Addr{"lb3": netip.MustParseAddr("192.0.2.99")}}
	got, holds := wantVRRP(i, spec.VRRPSyncGroup{Name: "g", Instances: []string{"codis", "other"}})
	want := `vrrp-instance --instance codis --interface eth0 --routerid 79 --version 2 --family ipv4 --priority 100 --interval 1s --unicast true --source 192.0.2.11 --ttlmin 254 --ttlmax 255 --secret vrrp --downadverts 3 --syncgroup g
vrrp-peer --instance codis --addr 192.0.2.12 --director lb2
vrrp-peer --instance codis --addr 192.0.2.99 --director lb3
virtual-address --instance codis --prefix 192.0.2.100/32 --device eth0 --label eth0:1 --scope global
virtual-address --instance codis --prefix 192.0.2.101/32 --device lo --scope host --excluded true
virtual-route --instance codis --to 198.51.100.0/24 --table 254 --device eth0
virtual-route --instance codis --to 203.0.113.0/24 --table 100 --metric 5 --via 192.0.2.1
virtual-rule --instance codis --name r --fwmark 7 --table 100 --priority 10
vrrp-tracker --instance codis --watch interface --name eth1 --up 5s --down 1s
vrrp-tracker --instance codis --watch script --name s --weight -10 --interval 1s --timeout 1s --rise 2 --fall 3 --command /bin/check,x
`
	if d := cmp.Diff(want, reconciletest.Format(got)); d != "" || len(holds) > 0 {
		t.Errorf("%v %s", holds, d)
	}
	if err := got.VRRP.Check(); err != nil {
		t.Error(err)
	}
	if a, b := got.VRRP.Instances[0].Pos.String(), got.VRRP.Addresses[0].Pos.String(); a != "c.hcl:11" || b != "c.hcl:12" {
		t.Errorf("the instance is at %s, its address at %s", a, b)
	}
}

func TestWantOfMulticastInstance(t *testing.T) {
	i := codis()
	i.Unicast, i.Group = false, netip.MustParseAddr("224.0.0.18")
	i.Interface, i.Priority, i.Addresses[1].Device = by("eth0", "eth1"), by[uint8](100, 101), by("eth2", "eth3")
	got, holds := wantVRRP(i)
	row := got.VRRP.Instances[0].Value
	if len(holds)+len(got.VRRP.Peers) > 0 || row.Source.IsValid() || row.Interface != "eth0" || row.Priority != 100 || got.VRRP.Addresses[0].Value.Device != "eth2" {
		t.Errorf("%v %+v", holds, got.VRRP)
	}
}

// Nothing of an instance that is not said whole is changed: neither it nor what belongs to it.
func TestWantHoldsInstances(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*spec.VRRPInstance)
		why   string
	}{
		"no address of a peer": {func(*spec.VRRPInstance) {}, `vrrp_instance "codis" is unicast, and has neither a source for "lb3" nor an endpoint of its family`},
		"no source": {func(i *spec.VRRPInstance) { i.Family = spec.IPv6 },
			`vrrp_instance "codis" is unicast, and has neither a source for "lb1" nor an endpoint of its family`},
		"no interface": {func(i *spec.VRRPInstance) {
			i.Interface = spec.PerDirector[string]{By: map[string]string{"lb2": "eth0"}}
		}, `vrrp_instance "codis" gives no interface or no priority for "lb1"`},
	} {
		i := codis()
		tc.spoil(i)
		got, holds := wantVRRP(i)
		if d := cmp.Diff([]spec.Hold{{Key: spec.InstanceKey("codis"), Why: tc.why}}, holds); d != "" || reconciletest.Format(got) != "" {
			t.Errorf("%s: %s%s", name, d, reconciletest.Format(got))
		}
		live, _ := wantVRRP(whole())
		if p := reconcile.NewPlan(reconcile.PlanInput{Want: got, Holds: holds, Live: live}); p.Changes() > 0 {
			t.Errorf("%s: %v", name, p.Steps)
		}
	}
}

func whole() *spec.VRRPInstance {
	i := codis()
	i.Unicast, i.Group = false, netip.MustParseAddr("224.0.0.18")
	return i
}

// Mode follow gives the engine the daemon of the instance it follows, in either role.
func TestWantOfSyncRole(t *testing.T) {
	c := syncing("a", 11, spec.SyncFollow, "codis")
	c.Instances = []spec.Placed[spec.VRRPInstance]{{Def: whole()}}
	for _, role := range []spec.Role{spec.RoleUnknown, spec.RoleMaster, spec.RoleBackup} {
		got, _ := reconcile.Want(viewOf(nil, c), spec.Facts{Roles: map[string]spec.Role{"codis": role}})
		want := spec.FollowSync{Daemon: spec.Daemon{SyncID: 11, Interface: "eth0"}}
		if row, ok := got.VRRP.Follow.Find("codis"); !ok || row.Value != want || row.Pos.String() != "a.hcl:2" {
			t.Errorf("%s: %+v", role, got.VRRP.Follow)
		}
	}
}
