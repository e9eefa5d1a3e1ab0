package reconcile

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

// Each of these steps differs from every other in one thing that matters to what is done.
func TestDigestTellsPlansApart(t *testing.T) {
	one := func(c spec.Change) []spec.Step { return []spec.Step{{Phase: 1, Changes: []spec.Change{c}}} }
	service := func(v spec.Service) []spec.Step {
		return one(spec.Change{Key: testService, Action: spec.Add, After: v})
	}
	dest := func(v spec.Dest) []spec.Step { return one(spec.Change{Key: testDest, Action: spec.Add, After: v}) }
	daemon := func(v spec.Daemon) []spec.Step {
		return one(spec.Change{Key: spec.RoleMaster, Action: spec.Add, After: v})
	}
	tracker := func(v spec.Tracking) []spec.Step {
		return one(spec.Change{Key: spec.TrackerKey{Instance: "v"}, Action: spec.Add, After: v})
	}
	key := func(k spec.Key) []spec.Step { return one(spec.Change{Key: k, Action: spec.Remove}) }
	all := [][]spec.Step{
		nil,
		service(spec.Service{}), service(spec.Service{Scheduler: "rr"}), service(spec.Service{Flags: 4}), service(spec.Service{Persistence: 4}),
		service(spec.Service{Netmask: 4}), service(spec.Service{Engine: "rr"}),
		dest(spec.Dest{}), dest(spec.Dest{Weight: 1}), dest(spec.Dest{Forward: 1}), dest(spec.Dest{Upper: 1}), dest(spec.Dest{Lower: 1}),
		dest(spec.Dest{Tunnel: spec.Tunnel{Type: 1}}), dest(spec.Dest{Tunnel: spec.Tunnel{Port: 1}}), dest(spec.Dest{Tunnel: spec.Tunnel{Checksum: 1}}),
		daemon(spec.Daemon{}), daemon(spec.Daemon{SyncID: 1}), daemon(spec.Daemon{Interface: "a"}), daemon(spec.Daemon{Group: netip.IPv4Unspecified()}),
		daemon(spec.Daemon{Port: 1}), daemon(spec.Daemon{TTL: 1}), daemon(spec.Daemon{MaxLen: 1}),
		one(spec.Change{Key: spec.TimeoutTCP, Action: spec.Edit, Before: spec.Seconds(1), After: spec.Seconds(2)}),
		one(spec.Change{Key: spec.TimeoutTCP, Action: spec.Edit, Before: spec.Seconds(2), After: spec.Seconds(1)}),
		one(spec.Change{Key: spec.TimeoutTCP, Action: spec.Add, After: spec.Seconds(1)}),
		one(spec.Change{Key: spec.SysctlKey("tcp"), Action: spec.Add, After: spec.Setting("1")}),
		one(spec.Change{Key: spec.SysctlKey("tcp"), Action: spec.Add, After: spec.Setting("2")}),
		one(spec.Change{Key: spec.SysctlKey("tcp1"), Action: spec.Add, After: spec.Setting("")}),
		key(testService), key(testDest), key(spec.RoleBackup), key(spec.MarkService(7, spec.IPv4)), key(spec.MarkService(7, spec.IPv6)),
		key(spec.InstanceKey("v")), key(spec.FollowSyncKey("v")), key(spec.PeerKey{Instance: "v"}), key(spec.PeerKey{Instance: "v", Addr: netip.IPv4Unspecified()}),
		key(spec.TrackerKey{Instance: "v track file x", Watch: "file", Name: "y"}), key(spec.TrackerKey{Instance: "v", Watch: "file", Name: "x track file y"}),
		tracker(spec.Tracking{}), tracker(spec.Tracking{Command: "a b"}), tracker(spec.Tracking{Command: "a\x00b"}), tracker(spec.Tracking{Up: 1}), tracker(spec.Tracking{Down: 1}),
		{{Phase: 2, Changes: key(testService)[0].Changes}},
		append(key(testService), key(testDest)...), append(key(testDest), key(testService)...),
	}
	seen := map[spec.Digest]int{}
	for i, s := range all {
		d := digest(s)
		if j, ok := seen[d]; ok {
			t.Errorf("%v and %v have one digest", all[j], s)
		}
		seen[d] = i
	}
}

func TestDigestLeavesOutWhyAndWhere(t *testing.T) {
	bare := spec.Change{Key: testDest, Action: spec.Remove, Before: spec.Dest{Weight: 1}}
	told := bare
	told.Pos, told.Reason, told.Risk = spec.Pos{File: "a.hcl", Line: 7}, spec.ByDrift, spec.RiskResets
	if a, b := digest([]spec.Step{{Phase: 1, Changes: []spec.Change{bare}}}), digest([]spec.Step{{Phase: 1, Changes: []spec.Change{told}}}); a != b {
		t.Errorf("%s and %s", a, b)
	}
}
