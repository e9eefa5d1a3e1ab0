package engine

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/spec"
)

const released = "the active router gave up its role"

func second(i *spec.Instance) { i.Interval = time.Second }

// pair is two engines with one instance; A is master and has its addresses, B has heard of it.
func pair(t *testing.T, change ...func(*spec.Instance)) (a, b *node) {
	t.Helper()
	l := newLAN(t, 2)
	a, b = l.start(0), l.start(1)
	a.want(plain(101, change...), nil)
	a.becomes("web", spec.VRRPMaster)
	b.want(plain(100, change...), nil)
	b.becomes("web", spec.VRRPBackup)
	b.until("B has heard A", func(s spec.VRRPStatus) bool { return find(s, "web").Master == netip.MustParseAddr("10.9.0.1") })
	a.holds("web", 1)
	return a, b
}

// undisturbed has A stop now: B's next event must be that it takes over for this, and so nothing happened to it before.
func undisturbed(t *testing.T, a, b *node) {
	t.Helper()
	a.stop()
	ev := b.next()
	if ev.From != spec.VRRPBackup || ev.To != spec.VRRPMaster || !strings.HasPrefix(ev.Why, released) {
		t.Errorf("B was disturbed: %+v", ev)
	}
	if got := a.lan.addresses(0, "eth0"); len(got) != 0 {
		t.Errorf("A still has %v", got)
	}
}

// A stop gives the role away at once: by priority 0, not by silence.
func TestStopHandsOver(t *testing.T) {
	a, b := pair(t)
	undisturbed(t, a, b)
}

// An engine that was killed keeps its addresses, and resumes before anybody misses an advertisement.
func TestKillAndRestartIsNoTransition(t *testing.T) {
	a, b := pair(t, second)
	before := a.instance("web")
	a.kill()
	if got := a.lan.addresses(0, "eth0"); !got["10.9.0.100/24"] {
		t.Fatalf("A lost its address: %v", got)
	}
	a.launch()
	after := a.instance("web")
	if after.State != spec.VRRPMaster || after.Since != before.Since || after.Transitions != before.Transitions {
		t.Errorf("A was %+v, and is %+v", before, after)
	}
	a.holds("web", 1)
	undisturbed(t, a, b)
}

// One that comes back too late starts as backup, and gives up what it left behind.
func TestRestartTooLateIsBackup(t *testing.T) {
	calm := func(i *spec.Instance) { i.Preempt = false }
	a, b := pair(t, calm)
	a.kill()
	b.becomes("web", spec.VRRPMaster)
	a.launch()
	if ev := a.next(); ev.From != spec.VRRPInitialize || ev.To != spec.VRRPBackup {
		t.Errorf("A began with %+v", ev)
	}
	a.holds("web", 0)
	a.until("the address is gone", func(spec.VRRPStatus) bool { return len(a.lan.addresses(0, "eth0")) == 0 })
	if s := b.instance("web"); s.State != spec.VRRPMaster {
		t.Errorf("B is %s", s.State)
	}
}

// SIGHUP executes the program anew in the same process (K14).
func TestK14ReloadIsNoTransition(t *testing.T) {
	a, b := pair(t, second)
	s, err := a.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.signal(syscall.SIGHUP)
	for {
		now, err := a.Status(t.Context())
		if err == nil && now.Started != s.Started {
			break
		}
		if err != nil && !errors.Is(err, line.ErrUnreachable) && !errors.Is(err, syscall.ECONNRESET) && a.cmd.ProcessState != nil {
			t.Fatal(err)
		}
	}
	if is := a.instance("web"); is.State != spec.VRRPMaster || is.Transitions != 2 {
		t.Errorf("A is %+v", is)
	}
	undisturbed(t, a, b)
}

// A SIGHUP that comes while the program executes itself ends no engine, which is what the signal does by default.
func TestHangupWhileExecuting(t *testing.T) {
	a := newLAN(t, 1).start(0)
	ctx, cancel := context.WithTimeout(t.Context(), far)
	defer cancel()
	var began time.Time
	for turns := 0; turns < 5; {
		a.signal(syscall.SIGHUP)
		s, err := a.Status(ctx)
		if err == nil && s.Started != began {
			began, turns = s.Started, turns+1
		}
		if ctx.Err() != nil {
			t.Fatalf("the engine is gone after %d turns: %v", turns, err)
		}
	}
}

// A wanted state that changes settings alone changes no role (K14); one that changes the virtual router starts anew.
func TestK14SettingsChangeInPlace(t *testing.T) {
	a, b := pair(t, second)
	next := with(plain(150, second, func(i *spec.Instance) { i.Announce.Refresh = time.Minute }), "web", "10.9.0.101/24")
	a.want(next, nil)
	a.holds("web", 2)
	b.until("B hears the new priority", func(s spec.VRRPStatus) bool { return find(s, "web").MasterPrio == 150 })
	if got := a.lan.addresses(0, "eth0"); !got["10.9.0.100/24"] || !got["10.9.0.101/24"] {
		t.Errorf("A has %v", got)
	}
	a.want(plain(150, second), nil)
	a.holds("web", 1)
	undisturbed(t, a, b)
}

// A master whose interval changes says so by an advertisement that its peer understands, at once: waiting for the next one of the old or
// the new interval would be a failover.
func TestIntervalChangesInPlace(t *testing.T) {
	a, b := pair(t)
	for _, change := range []func(*spec.Instance){second, func(*spec.Instance) {}} {
		next := plain(101, change)
		a.want(next, nil)
		b.until("B has learned the interval", func(s spec.VRRPStatus) bool { return find(s, "web").Learned == next.Instances[0].Value.Interval })
	}
	if i := a.instance("web"); i.Counters.SendErrors != 0 {
		t.Errorf("A could not send %d advertisements", i.Counters.SendErrors)
	}
	undisturbed(t, a, b)
}

// What is no longer wanted is given up, with a goodbye.
func TestUnwantedInstanceLeaves(t *testing.T) {
	a, b := pair(t)
	a.want(spec.VRRP{}, nil)
	if ev := a.next(); ev.From != spec.VRRPMaster || ev.To != spec.VRRPInitialize {
		t.Errorf("A: %+v", ev)
	}
	if ev := b.next(); !strings.HasPrefix(ev.Why, released) {
		t.Errorf("B: %+v", ev)
	}
	a.until("the address is gone", func(spec.VRRPStatus) bool { return len(a.lan.addresses(0, "eth0")) == 0 })
}

// Without an agent the engine works by what it was told last, also from its file after a restart.
func TestWorksWithoutAgent(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	a.want(plain(100), nil)
	a.becomes("web", spec.VRRPMaster)
	a.stop()
	a.launch()
	a.becomes("web", spec.VRRPMaster)
	if v, err := a.Wanted(t.Context()); err != nil || len(v.Instances) != 1 || len(v.Addresses) != 1 {
		t.Errorf("wanted is %+v, %v", v, err)
	}
}

// Serials go on over a restart, and events that nobody fetched are still there.
func TestEventsOutliveTheEngine(t *testing.T) {
	l := newLAN(t, 1)
	a := l.start(0)
	a.want(plain(100), nil)
	a.until("master", func(s spec.VRRPStatus) bool { return find(s, "web").State == spec.VRRPMaster })
	a.kill()
	a.launch()
	got, err := a.Events(t.Context(), 0)
	if err != nil || got.Lost != 0 || len(got.Events) < 2 || got.Events[0].Serial != 1 || got.Events[1].Serial != 2 || got.Events[1].To != spec.VRRPMaster {
		t.Errorf("events are %+v, %v", got, err)
	}
}

func TestHandover(t *testing.T) {
	a, b := pair(t)
	if err := b.Handover(t.Context(), "web"); err == nil || err.Error() != "hand over web: web is backup here: only the master hands over" {
		t.Errorf("the backup answered %v", err)
	}
	if err := a.Handover(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	if ev := a.becomes("web", spec.VRRPBackup); ev.Why != "handed over" {
		t.Errorf("A: %+v", ev)
	}
	b.becomes("web", spec.VRRPMaster)
	b.holds("web", 1)
	a.holds("web", 0)
	// It does not take the role back, although its priority is higher and it may preempt.
	if err := b.Handover(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	if ev := a.next(); ev.To != spec.VRRPMaster || !strings.HasPrefix(ev.Why, released) {
		t.Errorf("A took over because of %+v", ev)
	}
}

// A process that was stopped reads what came in meanwhile before its timers count.
func TestV54LateTimerReadsFirst(t *testing.T) {
	a, b := pair(t)
	b.signal(syscall.SIGSTOP)
	sent := a.instance("web").Counters.Sent
	a.until("A has advertised for twice the time that B waits", func(s spec.VRRPStatus) bool { return find(s, "web").Counters.Sent > sent+8 })
	b.signal(syscall.SIGCONT)
	undisturbed(t, a, b)
}

// The clock of the elections is monotonic: it has a reading that no change of the wall clock moves.
func TestV53Monotonic(t *testing.T) {
	c := newClock()
	if wall := c.base.Round(0); wall.String() == c.base.String() {
		t.Error("the base has no monotonic reading")
	}
	if first := c.now(); c.now() < first {
		t.Error("time went back")
	}
}
