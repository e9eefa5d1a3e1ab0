package engine

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// An interface that goes down is a fault; one that returns brings the instance back to the election.
func TestLinkDownAndUp(t *testing.T) {
	a, b := pair(t)
	a.lan.ip(a.lan.hosts[0], "link set eth0 down")
	if ev := a.becomes("web", spec.VRRPFault); ev.Why != "interface eth0 is down" {
		t.Errorf("A: %+v", ev)
	}
	b.becomes("web", spec.VRRPMaster)
	a.holds("web", 0)
	a.lan.ip(a.lan.hosts[0], "link set eth0 up")
	if ev := a.next(); ev.From != spec.VRRPFault || ev.To != spec.VRRPBackup {
		t.Errorf("A: %+v", ev)
	}
	a.becomes("web", spec.VRRPMaster)
	b.becomes("web", spec.VRRPBackup)
	a.holds("web", 1)
}

// An interface that is not there yet is waited for, and one that is deleted and made anew is the same to the instance.
func TestInterfaceAppears(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	on := func(i *spec.Instance) { i.Interface, i.Source = "eth7", netip.MustParseAddr("10.9.7.1") }
	v := plain(100, on)
	v.Addresses[0].Value.Device = "eth7"
	a.want(v, nil)
	if ev := a.next(); ev.To != spec.VRRPFault || ev.Why != "interface eth7 is missing" {
		t.Errorf("A: %+v", ev)
	}
	for range 2 {
		l.cable(0, "eth7")
		a.until("it has no address", func(s spec.VRRPStatus) bool {
			i := find(s, "web") // the cause is that of now, not that of the transition
			return i.State == spec.VRRPFault && i.Why == "source 10.9.7.1 is not an address of this host"
		})
		l.ip(l.hosts[0], "addr add 10.9.7.1/24 dev eth7")
		a.becomes("web", spec.VRRPMaster)
		a.until("the address is there", func(spec.VRRPStatus) bool { return l.addresses(0, "eth7")["10.9.0.100/24"] })
		if got := l.run("ip", "netns", "exec", l.hosts[0], "cat", "/proc/sys/net/ipv4/conf/eth7/promote_secondaries"); strings.TrimSpace(got) != "1" {
			t.Errorf("promote_secondaries of an interface that appeared is %s", got)
		}
		l.ip(l.hosts[0], "link del eth7")
		a.becomes("web", spec.VRRPFault)
	}
}

// A flap that is shorter than the delays of the interface's block is none.
func TestFlapIsBridged(t *testing.T) {
	a, b := pair(t)
	v := plain(101)
	v.Trackers = spec.Rows[spec.TrackerKey, spec.Tracking]{{
		Key: spec.TrackerKey{Instance: "web", Watch: spec.WatchInterface, Name: "eth0"}, Value: spec.Tracking{Down: time.Hour}}}
	a.want(v, nil)
	a.lan.ip(a.lan.hosts[0], "link set eth0 down")
	errors := a.instance("web").Counters.SendErrors
	a.until("advertisements cannot leave", func(s spec.VRRPStatus) bool { return find(s, "web").Counters.SendErrors > errors })
	if s := a.instance("web"); s.State != spec.VRRPMaster {
		t.Errorf("A is %s: %s", s.State, s.Why)
	}
	b.becomes("web", spec.VRRPMaster)
	a.lan.ip(a.lan.hosts[0], "link set eth0 up")
	b.becomes("web", spec.VRRPBackup)
}

// An interface that comes back has to stay for its delay.
func TestUpDelay(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	v := plain(101)
	v.Trackers = spec.Rows[spec.TrackerKey, spec.Tracking]{{
		Key: spec.TrackerKey{Instance: "web", Watch: spec.WatchInterface, Name: "eth0"}, Value: spec.Tracking{Up: 700 * time.Millisecond}}}
	a.want(v, nil)
	a.becomes("web", spec.VRRPMaster)
	l.ip(l.hosts[0], "link set eth0 down")
	a.becomes("web", spec.VRRPFault)
	begin := time.Now()
	l.ip(l.hosts[0], "link set eth0 up")
	if ev := a.next(); ev.To != spec.VRRPBackup || ev.Time.Sub(begin) < 700*time.Millisecond {
		t.Errorf("%+v, %s after the interface came back", ev, ev.Time.Sub(begin))
	}
}

// K07: a tracked interface moves the priority, or is a fault; the agent's verdicts do the same.
func TestK07Trackers(t *testing.T) {
	l := newLAN(t, 1)
	l.cable(0, "eth1")
	a := l.start(0)
	v := plain(100)
	script := spec.TrackerKey{Instance: "web", Watch: spec.WatchScript, Name: "check"}
	file := spec.TrackerKey{Instance: "web", Watch: spec.WatchFile, Name: "/run/x"}
	v.Trackers = spec.Rows[spec.TrackerKey, spec.Tracking]{
		{Key: file, Value: spec.Tracking{Weight: 20}},
		{Key: spec.TrackerKey{Instance: "web", Watch: spec.WatchInterface, Name: "eth1"}, Value: spec.Tracking{Weight: -50}},
		{Key: script, Value: spec.Tracking{}},
	}
	a.want(v, nil)
	a.becomes("web", spec.VRRPMaster)
	effective := func(want uint8) {
		t.Helper()
		a.until(fmt.Sprint("the priority is ", want), func(s spec.VRRPStatus) bool { return find(s, "web").Effective == want })
	}
	effective(120) // not heard of is good
	l.ip(l.hosts[0], "link set eth1 down")
	effective(70)
	if err := a.Verdict(t.Context(), file, false); err != nil {
		t.Fatal(err)
	}
	effective(50)
	if err := a.Verdict(t.Context(), script, false); err != nil {
		t.Fatal(err)
	}
	if ev := a.becomes("web", spec.VRRPFault); ev.Why != "track_script check failed" {
		t.Errorf("%+v", ev)
	}
	a.kill()
	a.launch()
	a.until("the verdicts outlive the engine", func(s spec.VRRPStatus) bool {
		i := find(s, "web")
		return i.State == spec.VRRPFault && i.Effective == 50
	})
	if err := a.Verdict(t.Context(), script, true); err != nil {
		t.Fatal(err)
	}
	a.becomes("web", spec.VRRPMaster)
	if err := a.Verdict(t.Context(), spec.TrackerKey{Instance: "web", Watch: spec.WatchScript, Name: "other"}, true); err == nil || !strings.Contains(err.Error(), "track script other is none") {
		t.Errorf("a verdict on nothing: %v", err)
	}
}

// An instance that joins the group of a master is master with it, and this is told.
func TestJoinsMasters(t *testing.T) {
	a, _ := pair(t)
	v := plain(101, func(i *spec.Instance) { i.SyncGroup = "both" })
	more := v.Instances[0].Value
	more.RouterID = 52
	v.Instances = append(v.Instances, spec.Row[spec.InstanceKey, spec.Instance]{Key: "ztwo", Value: more})
	v.Addresses = append(v.Addresses, spec.Row[spec.AddressKey, spec.Address]{
		Key: spec.AddressKey{Instance: "ztwo", Prefix: netip.MustParsePrefix("10.9.0.102/24")}, Value: spec.Address{Device: "eth0", Scope: "global"}})
	a.want(v, nil)
	if ev := a.next(); ev.Instance != "ztwo" || ev.From != spec.VRRPInitialize || ev.To != spec.VRRPMaster {
		t.Errorf("%+v", ev)
	}
	if i := a.instance("ztwo"); i.Transitions != 1 || i.Why == "" {
		t.Errorf("%+v", i)
	}
}

// K06: all instances of a sync group move together; a fault of one pulls all.
func TestK06SyncGroup(t *testing.T) {
	l := newLAN(t, 2)
	l.cable(0, "eth1")
	l.cable(1, "eth1")
	nodes := [2]*node{}
	for n := range nodes {
		l.ip(l.hosts[n], fmt.Sprintf("addr add 10.9.1.%d/24 dev eth1", n+1))
		nodes[n] = l.start(n)
		v := plain(uint8(101-n), func(i *spec.Instance) { i.SyncGroup = "both" })
		inside := v.Instances[0].Value
		inside.Interface, inside.RouterID = "eth1", 52
		v.Instances = append(v.Instances, spec.Row[spec.InstanceKey, spec.Instance]{Key: "zinside", Value: inside})
		v.Addresses = append(v.Addresses, spec.Row[spec.AddressKey, spec.Address]{
			Key: spec.AddressKey{Instance: "zinside", Prefix: netip.MustParsePrefix("10.9.1.100/24")}, Value: spec.Address{Device: "eth1", Scope: "global"}})
		nodes[n].want(v, nil)
	}
	a, b := nodes[0], nodes[1]
	a.becomes("web", spec.VRRPMaster)
	a.becomes("zinside", spec.VRRPMaster)
	l.ip(l.hosts[0], "link set eth1 down")
	if ev := a.next(); ev.Instance != "web" || ev.To != spec.VRRPFault || ev.Why != "another member of the sync group" || ev.SyncGroup != "both" {
		t.Errorf("A: %+v", ev)
	}
	if ev := a.next(); ev.Instance != "zinside" || ev.To != spec.VRRPFault || ev.Why != "interface eth1 is down" {
		t.Errorf("A: %+v", ev)
	}
	b.becomes("web", spec.VRRPMaster)
	b.becomes("zinside", spec.VRRPMaster)
	b.holds("web", 1)
	b.holds("zinside", 1)
	a.holds("web", 0)
	l.ip(l.hosts[0], "link set eth1 up")
	a.becomes("web", spec.VRRPMaster)
	a.becomes("zinside", spec.VRRPMaster)
	b.holds("web", 0)
	b.holds("zinside", 0)
}
