package vrrp_test

import (
	"testing"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

func TestHandover(t *testing.T) {
	r := active10(t, usual())
	r.does(12*second, vrrp.Handover(), "send 0", "release", "Active -> Backup: handed over")
	down := 3*second + skewOf(100, second)
	r.due(12*second + down)
	r.does(13*second, heard(highAddr, 50)) // preempts, but not now
	r.due(13*second + down)
	r.does(13*second+down, vrrp.Timer(), becomes(vrrp.Backup, 100, timedOut)...)
	r.Step(20*second, 0, heard(highAddr, 200))
	r.does(21*second, heard(highAddr, 50)) // was Active for another cause: preempts again
	r.due(20*second + down)
}

func TestHandover_OfAnOwnerHolds(t *testing.T) {
	r := newRouter(t, usual(owner))
	r.Step(0, 0, vrrp.Start())
	r.does(1*second, vrrp.Handover(), "send 0", "release", "Active -> Backup: handed over")
	r.does(2*second, heard(highAddr, 50))
	r.due(2*second + 3*second + skewOf(255, second))
	r.Step(3*second, 0, vrrp.Tracked(vrrp.Tally{Fault: true}))
	r.does(4*second, vrrp.Tracked(vrrp.Tally{}), "Fault -> Backup: the trackers recovered")
}

func TestHandover_NeedsTheRole(t *testing.T) {
	r := backup(t, usual())
	r.does(1*second, vrrp.Handover())
	r.does(2*second, heard(highAddr, 50)) // still preempts
	r.due(3*second + skewOf(100, second))
}

func TestResume(t *testing.T) {
	r := newRouter(t, usual())
	r.does(5*second, vrrp.Resume(), becomes(vrrp.Initialize, 100, "resumed after a restart in place")...)
	r.due(6 * second)
	r.does(5*second+500*ms, vrrp.Resume())
	r.does(5*second+500*ms, vrrp.Start())
}

func delayedStart(c *vrrp.Config) { c.StartupDelay = 10 * second }

func TestStartupDelay(t *testing.T) {
	down := 3*second + skewOf(100, second)
	r := backup(t, usual(delayedStart))
	r.due(10*second + down)
	r.does(4*second, heard(highAddr, 200))
	r.due(10*second + down)
	r.does(5*second, heard(highAddr, 0))
	r.due(10*second + skewOf(100, second))
	r.does(11*second, heard(highAddr, 200))
	r.due(11*second + down)
}

func TestStartupDelay_OfAnOwner(t *testing.T) {
	r := backup(t, usual(owner, delayedStart))
	r.due(10 * second)
	r.does(10*second, vrrp.Timer(), becomes(vrrp.Backup, 255, "owns the addresses")...)
}

func TestRestartAfterShutdown(t *testing.T) {
	r := active10(t, usual())
	r.Step(12*second, 0, vrrp.Shutdown())
	r.does(13*second, vrrp.Shutdown())
	r.does(20*second, vrrp.Start(), "Initialize -> Backup: started")
	r.due(20*second + 3*second + skewOf(100, second))
}

func TestEventsOfOtherStatesDoNothing(t *testing.T) {
	r := newRouter(t, usual())
	for _, e := range []vrrp.Event{vrrp.Timer(), vrrp.Handover(), vrrp.Shutdown(), heard(highAddr, 0), vrrp.Tracked(vrrp.Tally{}), vrrp.Reconfigure(usual(noPreempt))} {
		r.does(100*second, e)
		r.in(vrrp.Initialize)
	}
}
