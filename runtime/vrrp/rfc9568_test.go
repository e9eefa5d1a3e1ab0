package vrrp_test

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// One test per statement, named by its id in docs/vrrp-conformance.md.

func TestV34_StartupOfANonOwner(t *testing.T) {
	r := newRouter(t, usual())
	r.never()
	r.does(7*second, vrrp.Start(), "Initialize -> Backup: started")
	r.due(7*second + 3*second + skewOf(100, second))
	if got := r.Member(0).Interval(); got != second {
		t.Errorf("Active_Adver_Interval is %s, want our own", got)
	}
}

func TestV35_StartupOfAnOwner(t *testing.T) {
	r := newRouter(t, usual(owner))
	r.does(7*second, vrrp.Start(), becomes(vrrp.Initialize, 255, "owns the addresses")...)
	r.due(8 * second)
}

func TestV36_BackupHearsPriorityZero(t *testing.T) {
	r := backup(t, usual())
	r.does(2*second, heard(highAddr, 0))
	r.due(2*second + skewOf(100, second))
	r.does(2*second+skewOf(100, second), vrrp.Timer(), becomes(vrrp.Backup, 100, "the active router gave up its role")...)
}

func TestV36_SkewIsOfTheLearnedInterval(t *testing.T) {
	r := backup(t, usual())
	r.does(1*second, heardEvery(highAddr, 200, 4*second))
	r.does(2*second, heardEvery(highAddr, 0, 4*second))
	r.due(2*second + skewOf(100, 4*second))
}

func TestV37_BackupHearsItsPriorityOrAHigherOne(t *testing.T) {
	for _, priority := range []uint8{100, 101, 255} {
		for _, preempt := range []bool{false, true} {
			r := backup(t, usual(func(c *vrrp.Config) { c.Preempt = preempt }))
			r.does(2*second, heardEvery(lowAddr, priority, 400*ms))
			r.due(2*second + 3*400*ms + skewOf(100, 400*ms))
			if got := r.Member(0).Interval(); got != 400*ms {
				t.Errorf("learned %s, want 400ms", got)
			}
			if addr, p := r.Member(0).Master(); addr != lowAddr || p != priority {
				t.Errorf("master is %s with priority %d", addr, p)
			}
		}
	}
}

func TestV38_BackupThatDoesNotPreemptFollowsALowerPriority(t *testing.T) {
	r := backup(t, usual(noPreempt))
	r.does(2*second, heardEvery(highAddr, 1, 400*ms))
	r.due(2*second + 3*400*ms + skewOf(100, 400*ms))
}

func TestV39_BackupThatPreemptsDiscardsALowerPriority(t *testing.T) {
	r := backup(t, usual())
	end := 3*second + skewOf(100, second)
	r.due(end)
	r.does(2*second, heardEvery(highAddr, 99, 400*ms))
	r.due(end)
	if got := r.Member(0).Interval(); got != second {
		t.Errorf("learned %s from a discarded advertisement", got)
	}
	r.does(end, vrrp.Timer(), becomes(vrrp.Backup, 100, "preempted a lower priority")...)
}

func TestV40_AdvertisementThenAddressesThenAnnouncement(t *testing.T) {
	r := backup(t, usual())
	end := 3*second + skewOf(100, second)
	r.does(end-1, vrrp.Timer())
	r.does(end, vrrp.Timer(), "send 100", "acquire", "announce active x5", "Backup -> Active: "+timedOut)
	r.due(end + second)
}

func TestV41_BackupShutsDownWithoutAPacket(t *testing.T) {
	r := backup(t, usual())
	r.does(1*second, vrrp.Shutdown(), "Backup -> Initialize: shut down")
	r.never()
	r.does(2*second, heard(highAddr, 0))
	r.in(vrrp.Initialize)
}

func TestV42_ActiveAdvertisesEachInterval(t *testing.T) {
	r := active10(t, usual())
	r.due(11 * second)
	r.does(11*second, vrrp.Timer(), "send 100")
	r.due(12 * second)
	r.does(12*second+300*ms, vrrp.Timer(), "send 100")
	r.due(13 * second) // lateness does not add up
	r.does(15*second+300*ms, vrrp.Timer(), "send 100")
	r.due(16*second + 300*ms) // missed slots are not made up for
}

func TestV43_ActiveHearsPriorityZero(t *testing.T) {
	r := active10(t, usual())
	r.does(10*second+400*ms, heard(highAddr, 0), "send 100", "announce lower priority x5", lowerBeaten)
	r.in(vrrp.Active)
	r.due(11*second + 400*ms)
}

func TestV44_ActiveHearsAHigherPriority(t *testing.T) {
	for _, preempt := range []bool{false, true} {
		r := active10(t, usual(func(c *vrrp.Config) { c.Preempt = preempt }))
		r.does(12*second, heardEvery(lowAddr, 101, 400*ms), "release", "Active -> Backup: "+higherHeard)
		r.due(12*second + 3*400*ms + skewOf(100, 400*ms))
		if addr, p := r.Member(0).Master(); addr != lowAddr || p != 101 {
			t.Errorf("master is %s with priority %d", addr, p)
		}
	}
}

func TestV45_EqualPriorityAndAHigherAddressWins(t *testing.T) {
	r := active10(t, usual())
	r.does(12*second, heard(highAddr, 100), "release", "Active -> Backup: "+higherAddress)
}

func TestV45_AddressesCompareUnsignedInNetworkOrder(t *testing.T) {
	r := active10(t, usual(func(c *vrrp.Config) { c.Source = addr("9.255.255.255") }))
	r.does(12*second, heard(addr("200.0.0.1"), 100), "release", "Active -> Backup: "+higherAddress)
	six := active10(t, usual(func(c *vrrp.Config) { c.Source, c.IPv6 = addr("fe80::7fff"), true }))
	six.does(12*second, heard(addr("fe80::8000%eth7"), 100), "release", "Active -> Backup: "+higherAddress)
}

func TestV46_EqualPriorityAndALowerAddressLoses(t *testing.T) {
	r := active10(t, usual())
	r.does(10*second+400*ms, heard(lowAddr, 100), "send 100", "announce lower priority x5", lowerBeaten)
	r.due(11*second + 400*ms)
}

func TestV47_ActiveAnswersALowerPriorityAtOnce(t *testing.T) {
	r := active10(t, usual())
	r.does(10*second+400*ms, heard(highAddr, 99), "send 100", "announce lower priority x5", lowerBeaten)
	r.due(11*second + 400*ms)
	r.does(10*second+500*ms, heard(highAddr, 99), "send 100") // report and announcement once in a conflict
	r.does(11*second+400*ms, heard(highAddr, 99), "send 100")
}

func TestV48_ActiveShutsDownWithPriorityZero(t *testing.T) {
	r := active10(t, usual())
	r.does(12*second, vrrp.Shutdown(), "send 0", "release", "Active -> Initialize: shut down")
	r.never()
}

func TestV49_SkewIsOfTheEffectivePriority(t *testing.T) {
	r := backup(t, usual())
	r.does(1*second, vrrp.Tracked(vrrp.Tally{Weight: -60}))
	r.due(3*second + skewOf(40, second))
	r.does(2*second, heard(highAddr, 0))
	r.due(2*second + skewOf(40, second))
	r.does(2*second, vrrp.Tracked(vrrp.Tally{Weight: 100}))
	r.due(2*second + skewOf(200, second))
}

func TestV50_OwnIntervalAgainWhenActive(t *testing.T) {
	r := backup(t, usual())
	r.does(1*second, heardEvery(highAddr, 200, 100*ms))
	at, _ := r.Deadline()
	r.does(at, vrrp.Timer(), becomes(vrrp.Backup, 100, timedOut)...)
	r.due(at + second)
	if got := r.Member(0).Interval(); got != second {
		t.Errorf("interval is %s", got)
	}
}

func TestV51_TimerOfAnEarlierStateDoesNothing(t *testing.T) {
	r := active10(t, usual())
	adver, _ := r.Deadline()
	r.does(adver-1, heard(highAddr, 200), "release", "Active -> Backup: "+higherHeard)
	r.does(adver, vrrp.Timer())
	r.in(vrrp.Backup)
}

func TestV52_IPv4AndIPv6OfOneRouterIDAreIndependent(t *testing.T) {
	four := active10(t, usual())
	six := backup(t, usual(func(c *vrrp.Config) { c.IPv6, c.Source = true, addr("fe80::5") }))
	four.does(12*second, vrrp.Shutdown(), "send 0", "release", "Active -> Initialize: shut down")
	six.in(vrrp.Backup)
	want := vrrp.Expect{Version: 3, RouterID: 51, Interval: second, Source: ownAddr}
	a, msg := &vrrp.Advert{}, encode(advert6(), fe80, groupSix)
	if r := vrrp.ParseAdvert(a, msg, vrrp.Origin{Src: highAddr, Dst: groupFour, TTL: 255}, &want); r == vrrp.Accepted {
		t.Error("an IPv6 message was taken for the IPv4 router")
	}
}

// The machine knows durations of the driver's monotonic clock only: a day that passes unnoticed is a late timer, not a transition.
func TestV53_SuspendIsALateTimer(t *testing.T) {
	r := active10(t, usual())
	day := 24 * time.Hour
	if !r.Late(10*second + day) {
		t.Error("a timer that is a day late does not count as late")
	}
	r.does(10*second+day, vrrp.Timer(), "send 100")
	r.due(11*second + day)
}

func TestV54_LateTimerReadsTheSocketFirst(t *testing.T) {
	r := backup(t, usual(noPreempt))
	down := 3*second + skewOf(100, second)
	if r.Late(down + second) {
		t.Error("an interval late is not late")
	}
	if !r.Late(down + second + 1) {
		t.Fatal("more than an interval late is late")
	}
	r.does(20*second, heard(highAddr, 100)) // what the driver finds in its socket
	if r.Late(20 * second) {
		t.Error("still late after an advertisement was read")
	}
	r.does(20*second, vrrp.Timer())
	r.in(vrrp.Backup)
	r.due(20*second + down)
}

func TestV54_LateIsByTheLearnedInterval(t *testing.T) {
	r := backup(t, usual())
	r.does(0, heardEvery(highAddr, 200, 100*ms))
	down := 300*ms + skewOf(100, 100*ms)
	if r.Late(down+100*ms) || !r.Late(down+101*ms) {
		t.Error("late does not go by the interval of the Active router")
	}
}
