package vrrp_test

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

func unicast() *reception {
	r := four()
	r.from.Dst, r.from.TTL = ownAddr, 64
	r.want.Unicast, r.want.Peers, r.want.TTLMin, r.want.TTLMax = true, append(r.want.Peers, lowAddr, highAddr), 60, 64
	return r
}

func TestK01_UnicastPeers(t *testing.T) {
	unicast().is(t, vrrp.Accepted)
	stranger := unicast()
	stranger.from.Src = addr("10.0.0.7")
	stranger.is(t, vrrp.UnknownPeer)
	multicast := unicast()
	multicast.from.Dst = groupFour
	multicast.is(t, vrrp.WrongDelivery)
	reverse := four()
	reverse.from.Dst = ownAddr
	reverse.is(t, vrrp.WrongDelivery)
}

func TestK01_TTLOfUnicastPeers(t *testing.T) {
	for ttl, want := range map[uint8]vrrp.Reason{59: vrrp.WrongTTL, 60: vrrp.Accepted, 64: vrrp.Accepted, 65: vrrp.WrongTTL, 255: vrrp.WrongTTL} {
		r := unicast()
		r.from.TTL = ttl
		r.is(t, want)
	}
}

func TestK02_OwnerPreemptsAlways(t *testing.T) {
	r := newRouter(t, usual(owner, noPreempt))
	r.Step(0, 0, vrrp.Start())
	r.Step(1*second, 0, heard(highAddr, 255))
	r.in(vrrp.Backup)
	end := 1*second + 3*second + skewOf(255, second)
	r.does(2*second, heard(highAddr, 254))
	r.due(end)
}

func TestK02_NobodyButAnOwnerStartsAsActive(t *testing.T) {
	r := newRouter(t, usual(noPreempt, func(c *vrrp.Config) { c.Priority = 254 }))
	r.does(0, vrrp.Start(), "Initialize -> Backup: started")
}

func delayed(c *vrrp.Config) { c.PreemptDelay = 60 * second }

func TestK03_PreemptDelayCountsFromTheFirstLowerPriority(t *testing.T) {
	r := backup(t, usual(delayed))
	down := 3*second + skewOf(100, second)
	for at := 1 * second; at <= 60*second; at += second {
		r.does(at, heard(highAddr, 99))
		r.due(at + down)
	}
	r.does(61*second, heard(highAddr, 99)) // 60 s after the first one: discarded
	r.due(60*second + down)
	r.does(60*second+down, vrrp.Timer(), becomes(vrrp.Backup, 100, "preempted a lower priority")...)
}

func TestK03_PreemptDelayDoesNotDelayADeadMaster(t *testing.T) {
	r := backup(t, usual(delayed))
	down := 3*second + skewOf(100, second)
	r.due(down)
	r.does(1*second, heard(highAddr, 99))
	r.does(1*second+down, vrrp.Timer(), becomes(vrrp.Backup, 100, timedOut)...)
}

func TestK03_AHigherPriorityEndsPreemptDelay(t *testing.T) {
	r := backup(t, usual(delayed))
	r.does(1*second, heard(highAddr, 99))
	r.does(40*second, heard(highAddr, 100))
	r.does(62*second, heard(highAddr, 99)) // counts anew
	r.due(62*second + 3*second + skewOf(100, second))
}

func TestK03_FaultEndsPreemptDelay(t *testing.T) {
	r := backup(t, usual(delayed))
	r.does(1*second, heard(highAddr, 99))
	r.Step(2*second, 0, vrrp.Tracked(vrrp.Tally{Fault: true}))
	r.Step(70*second, 0, vrrp.Tracked(vrrp.Tally{}))
	r.does(71*second, heard(highAddr, 99))
	r.due(71*second + 3*second + skewOf(100, second))
}

func TestK04_Password(t *testing.T) {
	r := of(withPass(advert2(), "codis79"), from4())
	r.is(t, vrrp.Accepted)
	for i := range 8 {
		other := of(withPass(advert2(), "codis79"), from4())
		other.want.Auth[i]++
		other.is(t, vrrp.WrongPassword)
	}
}

func TestK07_WeightsOfTrackers(t *testing.T) {
	type v = vrrp.Verdict
	for _, c := range []struct {
		verdicts []v
		want     vrrp.Tally
	}{
		{nil, vrrp.Tally{}},
		{[]v{{10, true}, {20, true}}, vrrp.Tally{Weight: 30}},
		{[]v{{10, false}, {20, true}}, vrrp.Tally{Weight: 20}},
		{[]v{{-10, true}, {-20, true}}, vrrp.Tally{}},
		{[]v{{-10, false}, {-20, false}, {5, true}}, vrrp.Tally{Weight: -25}},
		{[]v{{0, true}, {5, true}}, vrrp.Tally{Weight: 5}},
		{[]v{{0, true}, {0, false}, {0, true}}, vrrp.Tally{Fault: true}},
		{[]v{{0, false}, {-7, false}}, vrrp.Tally{Weight: -7, Fault: true}},
	} {
		if got := vrrp.Count(c.verdicts); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.verdicts, got, c.want)
		}
	}
}

func TestK07_FaultOfATracker(t *testing.T) {
	bad, good := vrrp.Tracked(vrrp.Tally{Fault: true}), vrrp.Tracked(vrrp.Tally{})
	r := active10(t, usual())
	r.does(11*second, bad, "send 0", "release", "Active -> Fault: a tracker failed")
	r.never()
	r.does(12*second, heard(highAddr, 99))
	r.does(13*second, bad)
	r.does(20*second, good, "Fault -> Backup: the trackers recovered")
	r.due(20*second + 3*second + skewOf(100, second))
	r.does(21*second, bad, "Backup -> Fault: a tracker failed")
	r.does(22*second, vrrp.Shutdown(), "Fault -> Initialize: shut down")
}

func TestK07_FaultBeforeTheStart(t *testing.T) {
	for _, e := range []vrrp.Event{vrrp.Start(), vrrp.Resume()} {
		r := newRouter(t, usual(owner))
		r.does(0, vrrp.Tracked(vrrp.Tally{Fault: true}))
		r.Step(1*second, 0, e)
		r.in(vrrp.Fault)
		r.does(2*second, vrrp.Tracked(vrrp.Tally{}), becomes(vrrp.Fault, 255, "owns the addresses")...)
	}
}

// A router that was Active before its restart, and comes back with a fault, still holds addresses.
func TestK07_FaultAtResumeReleases(t *testing.T) {
	r := newRouter(t, usual())
	r.Step(0, 0, vrrp.Tracked(vrrp.Tally{Fault: true}))
	r.does(1*second, vrrp.Resume(), "send 0", "release", "Active -> Fault: a tracker failed")
}

func bursts(c *vrrp.Config) {
	c.Announce.Delay, c.Announce.Refresh, c.Interval = 5*second, 60*second, 40*second
}

func TestK08_SecondBurstAndRefresh(t *testing.T) {
	r := backup(t, usual(bursts))
	at, _ := r.Deadline()
	r.does(at, vrrp.Timer(), becomes(vrrp.Backup, 100, timedOut)...)
	r.due(at + 5*second)
	r.does(at+5*second, vrrp.Timer(), "announce second x5")
	r.due(at + 40*second)
	r.does(at+60*second, vrrp.Timer(), "send 100", "announce refresh x2")
	r.does(at+120*second, vrrp.Timer(), "send 100", "announce refresh x2")
}

func TestK08_BurstsEndWithTheRole(t *testing.T) {
	r := backup(t, usual(bursts))
	at, _ := r.Deadline()
	r.Step(at, 0, vrrp.Timer())
	r.Step(at+second, 0, heardEvery(highAddr, 200, 40*second))
	r.does(at+61*second, vrrp.Timer())
	r.in(vrrp.Backup)
}

func TestK08_ConflictWonGivesASecondBurstToo(t *testing.T) {
	r := active10(t, usual(func(c *vrrp.Config) { c.Announce.Delay = 500 * ms }))
	r.does(10*second+500*ms, vrrp.Timer(), "announce second x5")
	r.does(10*second+600*ms, heard(lowAddr, 50), "send 100", "announce lower priority x5", lowerBeaten)
	r.does(11*second+100*ms, vrrp.Timer(), "announce second x5")
	silent := active10(t, usual(func(c *vrrp.Config) { c.Announce.LowerPriority = false }))
	silent.does(11*second, heard(lowAddr, 50), "send 100", lowerBeaten)
}

func TestK09_DownAdverts(t *testing.T) {
	for _, n := range []uint8{1, 5, 100} {
		r := backup(t, usual(func(c *vrrp.Config) { c.DownAdverts = n }))
		r.due(time.Duration(n)*second + skewOf(100, second))
	}
}

// A list is compared without effort while it is the same, and never a reason to drop: skip_check_adv_addr has nothing to skip.
func TestK10_ListIsNeverAReasonToDrop(t *testing.T) {
	TestV30_OtherAddressesAreNotDropped(t)
	TestW06_OtherAddressesAreNotDropped(t)
}

func TestK12_StillMasterAfterAConflict(t *testing.T) {
	r := active10(t, usual())
	for _, f := range r.Step(12*second, 0, heard(lowAddr, 99)) {
		if f.Do == vrrp.Changed {
			if f.From != vrrp.Active || f.To != vrrp.Active || f.Peer != lowAddr || f.PeerPriority != 99 || f.Priority != 100 {
				t.Errorf("%+v", f)
			}
			return
		}
	}
	t.Error("nothing is told of the conflict")
}

// A router that never yields is one conflict, however long it goes on; one that was silent and comes back is another.
func TestK12_AConflictIsToldOnce(t *testing.T) {
	r := active10(t, usual(func(c *vrrp.Config) { c.Announce.Delay = 0 }))
	at := 10*second + 100*ms
	r.does(at, heard(lowAddr, 50), "send 100", "announce lower priority x5", lowerBeaten)
	for range 99 {
		at += 100 * ms
		r.does(at, heard(lowAddr, 50), "send 100")
	}
	at += 100 * ms
	r.does(at, heard(lowAddr, 50), "send 100", "announce lower priority x5")
	at += 2900 * ms
	r.does(at, heard(lowAddr, 50), "send 100")
	at += 3 * second
	r.does(at, heard(lowAddr, 50), "send 100", "announce lower priority x5", lowerBeaten)
}

func TestK14_ReconfiguredWithoutTransition(t *testing.T) {
	changes := map[string]func(*vrrp.Config){
		"priority": func(c *vrrp.Config) { c.Priority = 50 }, "preempt": noPreempt, "delay": delayed, "down": func(c *vrrp.Config) { c.DownAdverts = 7 },
		"announce": func(c *vrrp.Config) { c.Announce = vrrp.Announcing{Repeat: 1} }, "source": func(c *vrrp.Config) { c.Source = lowAddr },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			for _, r := range []router{backup(t, usual()), active10(t, usual())} {
				state := r.State()
				r.does(11*second, vrrp.Reconfigure(usual(change)))
				r.in(state)
				if r.Member(0).Config() != usual(change) {
					t.Error("the configuration is the old one")
				}
			}
		})
	}
}

func TestK14_TimersFollowTheConfiguration(t *testing.T) {
	r := backup(t, usual())
	r.Step(1*second, 0, heard(highAddr, 200))
	r.does(2*second, vrrp.Reconfigure(usual(func(c *vrrp.Config) { c.Priority, c.DownAdverts = 50, 5 })))
	r.due(1*second + 5*second + skewOf(50, second))
	r.does(3*second, vrrp.Reconfigure(usual(func(c *vrrp.Config) { c.Interval = 100 * ms })))
	r.due(1*second + 3*second + skewOf(100, second)) // the Active router's interval counts, not ours
}

func TestK14_NewIntervalIsToldAtOnce(t *testing.T) {
	r := active10(t, usual())
	r.does(10*second+300*ms, vrrp.Reconfigure(usual(func(c *vrrp.Config) { c.Interval = 10 * second })), "send 100")
	r.due(20*second + 300*ms)
	nobody := backup(t, usual())
	nobody.does(1*second, vrrp.Reconfigure(usual(func(c *vrrp.Config) { c.Interval = 2 * second })))
	nobody.due(6*second + skewOf(100, 2*second))
}

func TestK14_NewRefreshCountsFromNow(t *testing.T) {
	r := active10(t, usual())
	r.does(10*second+100*ms, vrrp.Reconfigure(usual(func(c *vrrp.Config) { c.Announce.Refresh = 200 * ms })))
	r.does(10*second+300*ms, vrrp.Timer(), "announce refresh x2")
}

func TestK14_NewPreemptDelayCountsAnew(t *testing.T) {
	r := backup(t, usual(delayed))
	r.Step(1*second, 0, heard(highAddr, 99))
	r.Step(2*second, 0, vrrp.Reconfigure(usual()))
	r.does(2*second, heard(highAddr, 99))
	r.due(1*second + 3*second + skewOf(100, second))
}

func TestK14_AnotherRouterIsNotInPlace(t *testing.T) {
	for name, change := range map[string]func(*vrrp.Config){
		"router id": func(c *vrrp.Config) { c.RouterID = 52 }, "version": version2, "family": func(c *vrrp.Config) { c.IPv6 = true },
	} {
		if usual().InPlace(usual(change)) {
			t.Errorf("another %s is in place", name)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("reconfiguring to another router does not panic")
		}
	}()
	backup(t, usual()).Step(1*second, 0, vrrp.Reconfigure(usual(version2)))
}
