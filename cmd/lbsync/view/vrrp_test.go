package view

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// withVRRP is a status with an instance in each state.
func withVRRP() spec.Status {
	s := fine()
	addr := netip.MustParseAddr
	s.VRRP = &spec.VRRPStatus{
		Version: 1, Program: "1.2.3", Started: now.Add(-time.Hour), Scheduler: "rr 1, loop 2", Serial: 7,
		Instances: []spec.InstanceStatus{
			{Name: "codis_6379", State: spec.VRRPMaster, Interface: "eth0", RouterID: 79, Priority: 100, Effective: 100, Interval: time.Second,
				Since: now.Add(-3 * time.Hour), Why: "master is down", Transitions: 2, Addresses: 1, Held: 1,
				Counters: spec.VRRPCounters{Sent: 10800, Received: 12, BecameMaster: 1, Dropped: map[string]uint64{"ttl": 1, "checksum": 3}}},
			{Name: "web", State: spec.VRRPBackup, Interface: "eth1", RouterID: 80, Priority: 100, Effective: 80, Interval: time.Second, Learned: 100 * time.Millisecond,
				Master: addr("192.0.2.2"), MasterPrio: 101, Since: now.Add(-time.Minute), Why: "startup", Transitions: 1, Addresses: 4000,
				Counters: spec.VRRPCounters{Received: 600, PriorityZero: 1}},
		},
		Trackers: []spec.TrackerStatus{{Key: "web track file /run/drain", Known: true, Since: now.Add(-time.Minute)}, {Key: "web track interface eth1", Good: true, Known: true}, {Key: "web track script db"}},
	}
	return s
}

// troubled is one with all that can be said against it.
func troubled() spec.Status {
	s := withVRRP()
	s.VRRP.Scheduler, s.VRRP.EventsLost = "other: operation not permitted", 3
	s.VRRP.Problems = []string{"join 224.0.0.18 on eth0: no such device"}
	s.VRRP.Instances[0].Foreign = []netip.Addr{netip.MustParseAddr("192.0.2.100")}
	s.VRRP.Instances[0].Speakers = []spec.Speaker{{Addr: netip.MustParseAddr("192.0.2.9"), Priority: 200, Last: now.Add(-time.Second), Count: 12}}
	s.VRRP.Instances[0].Counters.SendErrors = 1
	s.VRRP.Instances[1].State, s.VRRP.Instances[1].Why = spec.VRRPFault, "interface eth1 is down"
	s.Failures = []spec.Failure{{Object: spec.ObjectOf(spec.InstanceKey("db")), Action: spec.Add, Error: "device eth9 is not there", Since: now.Add(-time.Minute)}}
	return s
}

func TestVRRP(t *testing.T) {
	both(t, "vrrp", NewVRRP(withVRRP(), now))
	text(t, "vrrp_troubled.txt", NewVRRP(troubled(), now), false)
	both(t, "vrrp_none", NewVRRP(fine(), now))
	text(t, "status_vrrp.txt", NewStatus(withVRRP(), now), false)
	text(t, "status_vrrp_troubled.txt", NewStatus(troubled(), now), false)

	away := fine()
	away.Engine = &spec.Problem{Error: "engine not reachable at /run/lbsync/engine.sock: start lbsync-engine (systemctl start lbsync-engine)", Since: now.Add(-time.Minute)}
	if s := NewStatus(away, now); s.Health != Failing {
		t.Errorf("health is %s", s.Health)
	}
	text(t, "status_vrrp_away.txt", NewStatus(away, now), false)
	away.Failures = []spec.Failure{{Object: spec.ObjectOf(spec.InstanceKey("db")), Action: spec.Add, Error: away.Engine.Error}}
	for n := range byte(200) {
		key := spec.AddressKey{Instance: "db", Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 32)}
		away.Failures = append(away.Failures, spec.Failure{Object: spec.ObjectOf(key), Action: spec.Add, Error: away.Engine.Error})
	}
	text(t, "status_vrrp_failed.txt", NewStatus(away, now), false)

	many := withVRRP()
	for range 10 {
		many.VRRP.Instances = append(many.VRRP.Instances, many.VRRP.Instances[1])
	}
	text(t, "status_vrrp_many.txt", NewStatus(many, now), false)
}

func TestHandover(t *testing.T) {
	r := spec.CommandResult{Version: 1, Status: fine(), Handed: &spec.Handed{Instances: []spec.InstanceKey{"in", "out"}, Others: []string{"lb2", "lb3"}, Within: 648437500}}
	both(t, "handover", NewResult(spec.Command{Verb: spec.Handover, Instance: "in"}, r))
	text(t, "handover_dry_run.txt", NewResult(spec.Command{Verb: spec.Handover, Instance: "in", DryRun: true}, r), false)
}
