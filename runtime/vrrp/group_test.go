package vrrp_test

import (
	"testing"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// pair is the configuration of a group of two.
func pair(change ...func(*vrrp.Config)) []vrrp.Config {
	one := usual(change...)
	other := one
	other.RouterID = 52
	return []vrrp.Config{one, other}
}

func TestK06_ActiveOnlyTogether(t *testing.T) {
	r := backup(t, pair()...)
	down := 3*second + skewOf(100, second)
	r.member(2*second, 1, heard(highAddr, 200))
	r.does(down, vrrp.Timer()) // the first is ready, the second hears its master
	r.due(2*second + down)
	r.does(2*second+down, vrrp.Timer(), "0: send 100", "1: send 100",
		"0: acquire", "0: announce active x5", "0: Backup -> Active: "+timedOut,
		"1: acquire", "1: announce active x5", "1: Backup -> Active: "+timedOut)
}

func TestK06_AMasterThatIsHeardAgainEndsReadiness(t *testing.T) {
	r := backup(t, pair()...)
	down := 3*second + skewOf(100, second)
	r.member(2*second, 1, heard(highAddr, 200))
	r.does(down, vrrp.Timer())
	r.member(4*second, 0, heard(highAddr, 200))
	r.does(2*second+down, vrrp.Timer())
	r.in(vrrp.Backup)
	r.due(4*second + down)
}

func TestK06_BackupTogether(t *testing.T) {
	r := active10(t, pair()...)
	r.member(12*second, 1, heard(highAddr, 200), "0: release", "1: release",
		"0: Active -> Backup: another member of the sync group", "1: Active -> Backup: "+higherHeard)
}

func TestK06_FaultTogether(t *testing.T) {
	bad, good := vrrp.Tracked(vrrp.Tally{Fault: true}), vrrp.Tracked(vrrp.Tally{})
	r := active10(t, pair()...)
	r.member(12*second, 1, bad, "0: send 0", "1: send 0", "0: release", "1: release",
		"0: Active -> Fault: another member of the sync group", "1: Active -> Fault: a tracker failed")
	r.member(13*second, 0, bad)
	r.member(14*second, 1, good)
	r.in(vrrp.Fault)
	if r.Member(1).Faulty() || !r.Member(0).Faulty() {
		t.Error("the wrong member is faulty")
	}
	r.member(15*second, 0, good, "0: Fault -> Backup: the trackers recovered", "1: Fault -> Backup: another member of the sync group")
}

func TestK06_ShutdownAndHandoverTogether(t *testing.T) {
	r := active10(t, pair()...)
	r.does(12*second, vrrp.Handover(), "0: send 0", "1: send 0", "0: release", "1: release",
		"0: Active -> Backup: handed over", "1: Active -> Backup: handed over")
	r.does(13*second, vrrp.Shutdown(), "0: Backup -> Initialize: shut down", "1: Backup -> Initialize: shut down")
}

func TestK06_StartupAndResumeTogether(t *testing.T) {
	r := newRouter(t, pair(owner)...)
	r.does(0, vrrp.Resume(), "0: send 255", "1: send 255",
		"0: acquire", "0: announce active x5", "0: Initialize -> Active: resumed after a restart in place",
		"1: acquire", "1: announce active x5", "1: Initialize -> Active: resumed after a restart in place")
}

func TestK06_OwnerWaitsForTheOthers(t *testing.T) {
	configs := pair(owner)
	configs[1].Priority = 100
	r := backup(t, configs...)
	end := 3*second + skewOf(100, second)
	r.due(end)
	r.does(end, vrrp.Timer(), "0: send 255", "1: send 100",
		"0: acquire", "0: announce active x5", "0: Backup -> Active: owns the addresses",
		"1: acquire", "1: announce active x5", "1: Backup -> Active: "+timedOut)
}

func TestK06_MembersAdvertiseOnTheirOwn(t *testing.T) {
	configs := pair()
	configs[1].Interval = 400 * ms
	r := active10(t, configs...)
	r.due(10*second + 400*ms)
	r.does(10*second+400*ms, vrrp.Timer(), "1: send 100")
	r.member(10*second+500*ms, 0, heard(lowAddr, 50), "0: send 100", "0: announce lower priority x5", "0: "+lowerBeaten)
	r.due(10*second + 800*ms)
}

// Groups that yield to each other by different members would do so for ever, were their waits the same.
func TestK06_WaitOfAGroupThatYieldsDiffersByMember(t *testing.T) {
	down := 3*second + skewOf(100, second)
	first := active10(t, pair()...)
	first.Step(12*second, 0, heard(highAddr, 200))
	first.Step(12*second+down, 0, vrrp.Timer())
	first.in(vrrp.Active)
	other := active10(t, pair()...)
	other.Step(12*second, 1, heard(highAddr, 200))
	other.does(12*second+down, vrrp.Timer())
	other.due(13*second + down)
	other.Step(13*second+down, 0, vrrp.Timer())
	again := 13*second + down
	other.Step(again, 1, heard(highAddr, 200)) // at once: waits twice as long
	other.Step(again+down, 0, vrrp.Timer())
	other.due(again + 2*second + down)
	other.Step(again+2*second+down, 0, vrrp.Timer())
	settled := again + 3*second + down
	other.does(settled, vrrp.Timer(), "0: send 100", "1: send 100")
	other.Step(settled, 1, heard(highAddr, 200)) // after an interval as Active: as the first time
	other.Step(settled+down, 0, vrrp.Timer())
	other.due(settled + second + down)
}

func TestK06_LateCountsForEachMember(t *testing.T) {
	configs := pair()
	configs[0].Interval = 100 * ms
	r := backup(t, configs...)
	down := 300*ms + skewOf(100, 100*ms)
	if r.Late(down+100*ms) || !r.Late(down+101*ms) {
		t.Error("late does not go by the member's interval")
	}
}
