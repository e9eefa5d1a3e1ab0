package reconcile

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

var (
	testService = spec.AddrService(spec.TCP, netip.MustParseAddrPort("192.0.2.1:80"))
	testDest    = spec.DestKey{Service: testService, Addr: netip.MustParseAddrPort("192.0.2.21:80")}
)

func TestRisk(t *testing.T) {
	service, heavy, idle := spec.Service{Scheduler: "rr"}, spec.Dest{Weight: 5}, spec.Dest{}
	for _, tc := range []struct {
		name   string
		change spec.Change
		want   spec.Risk
	}{
		{"a new service", spec.Change{Key: testService, Action: spec.Add, After: service}, spec.RiskNone},
		{"another scheduler", spec.Change{Key: testService, Action: spec.Edit, Before: service, After: spec.Service{Scheduler: "mh"}}, spec.RiskNone},
		{"a service goes", spec.Change{Key: testService, Action: spec.Remove, Before: service}, spec.RiskResets},
		{"a new real server", spec.Change{Key: testDest, Action: spec.Add, After: heavy}, spec.RiskNone},
		{"a lower weight", spec.Change{Key: testDest, Action: spec.Edit, Before: heavy, After: spec.Dest{Weight: 1}}, spec.RiskNone},
		{"weight 0", spec.Change{Key: testDest, Action: spec.Edit, Before: heavy, After: idle}, spec.RiskDrains},
		{"still weight 0", spec.Change{Key: testDest, Action: spec.Edit, Before: idle, After: spec.Dest{Upper: 9}}, spec.RiskNone},
		{"another forwarding", spec.Change{Key: testDest, Action: spec.Edit, Before: heavy, After: spec.Dest{Weight: 5, Forward: spec.Tun}}, spec.RiskNone},
		{"an idle real server goes", spec.Change{Key: testDest, Action: spec.Remove, Before: idle}, spec.RiskResets},
		{"a first sync daemon", spec.Change{Key: spec.RoleMaster, Action: spec.Add, After: spec.Daemon{}}, spec.RiskNone},
		{"another syncid", spec.Change{Key: spec.RoleBackup, Action: spec.Edit, Before: spec.Daemon{}, After: spec.Daemon{SyncID: 1}}, spec.RiskSyncGap},
		{"a sync daemon goes", spec.Change{Key: spec.RoleMaster, Action: spec.Remove, Before: spec.Daemon{}}, spec.RiskSyncGap},
		{"a timeout", spec.Change{Key: spec.TimeoutTCP, Action: spec.Edit, Before: spec.Seconds(1), After: spec.Seconds(2)}, spec.RiskNone},
		{"a sysctl", spec.Change{Key: spec.SysctlKey("x"), Action: spec.Edit, Before: spec.Setting("1"), After: spec.Setting("2")}, spec.RiskNone},
	} {
		if got := risk(&tc.change); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestReason(t *testing.T) {
	a, b := spec.Dest{Weight: 1}, spec.Dest{Weight: 2}
	with := func(d spec.Dest) *spec.State {
		return &spec.State{Dests: spec.Rows[spec.DestKey, spec.Dest]{{Key: testDest, Value: d}}}
	}
	held := &spec.State{Services: spec.Rows[spec.ServiceKey, spec.Service]{{Key: testService}}}
	add, edit := spec.Change{Action: spec.Add, After: a}, spec.Change{Action: spec.Edit, Before: b, After: a}
	remove := spec.Change{Action: spec.Remove, Before: b}
	for _, tc := range []struct {
		name   string
		change spec.Change
		prior  *spec.State
		want   spec.Reason
	}{
		{"first commit, new object", add, nil, spec.ByCommit},
		{"first commit, object differs", edit, nil, spec.ByAdopt},
		{"first commit, object is not wanted", remove, nil, spec.ByAdopt},
		{"removed by hand", add, with(a), spec.ByDrift},
		{"edited by hand", edit, with(a), spec.ByDrift},
		{"added by hand", remove, held, spec.ByDrift},
		{"there before its service was declared", remove, &spec.State{}, spec.ByAdopt},
		{"new in this commit", add, &spec.State{}, spec.ByCommit},
		{"changed by this commit", edit, with(b), spec.ByCommit},
		{"gone with this commit", remove, with(b), spec.ByCommit},
	} {
		tc.change.Key = testDest
		if got := reason(&tc.change, tc.prior); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
