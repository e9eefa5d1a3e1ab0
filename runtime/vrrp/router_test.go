package vrrp_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

const (
	second = time.Second
	ms     = time.Millisecond
)

var (
	lowAddr  = netip.MustParseAddr("10.0.0.1")
	ownAddr  = netip.MustParseAddr("10.0.0.5")
	highAddr = netip.MustParseAddr("10.0.0.9")
)

// usual are the settings of the router under test; change adjusts them.
func usual(change ...func(*vrrp.Config)) vrrp.Config {
	c := vrrp.Config{RouterID: 51, Version: 3, Priority: 100, Interval: second, Preempt: true, DownAdverts: 3, Source: ownAddr,
		Announce: vrrp.Announcing{Repeat: 5, RefreshRepeat: 2, LowerPriority: true}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func noPreempt(c *vrrp.Config) { c.Preempt = false }
func owner(c *vrrp.Config)     { c.Priority = 255 }
func version2(c *vrrp.Config)  { c.Version = 2 }

// router steps one group and compares effects as text.
type router struct {
	t *testing.T
	*vrrp.Group
}

func newRouter(t *testing.T, configs ...vrrp.Config) router {
	t.Helper()
	return router{t, vrrp.NewGroup(configs...)}
}

// backup is a router that started at 0 as Backup.
func backup(t *testing.T, configs ...vrrp.Config) router {
	t.Helper()
	r := newRouter(t, configs...)
	r.Step(0, 0, vrrp.Start())
	r.in(vrrp.Backup)
	return r
}

// active is a router that is Active since 10 s.
func active10(t *testing.T, configs ...vrrp.Config) router {
	t.Helper()
	r := backup(t, configs...)
	r.Step(10*second, 0, vrrp.Timer())
	r.in(vrrp.Active)
	return r
}

func (r router) in(want vrrp.State) {
	r.t.Helper()
	if got := r.State(); got != want {
		r.t.Fatalf("state is %s, want %s", got, want)
	}
}

// due checks the deadline.
func (r router) due(want time.Duration) {
	r.t.Helper()
	if got, ok := r.Deadline(); !ok || got != want {
		r.t.Fatalf("deadline is %s (%v), want %s", got, ok, want)
	}
}

func (r router) never() {
	r.t.Helper()
	if at, ok := r.Deadline(); ok {
		r.t.Fatalf("deadline is %s, want none", at)
	}
}

// does steps and checks the effects.
func (r router) does(now time.Duration, e vrrp.Event, want ...string) {
	r.t.Helper()
	r.member(now, 0, e, want...)
}

func (r router) member(now time.Duration, i int, e vrrp.Event, want ...string) {
	r.t.Helper()
	var got []string
	for _, f := range r.Step(now, i, e) {
		got = append(got, text(f, r.Len()))
	}
	if !slices.Equal(got, want) {
		r.t.Fatalf("at %s the effects are\n%q\nwant\n%q", now, got, want)
	}
}

func text(f vrrp.Effect, members int) string {
	s := f.Do.String()
	switch f.Do {
	case vrrp.Send:
		s += fmt.Sprintf(" %d", f.Priority)
	case vrrp.Announce:
		s += fmt.Sprintf(" %s x%d", f.Burst, f.Repeat)
	case vrrp.Changed:
		s = fmt.Sprintf("%s -> %s: %s", f.From, f.To, f.Why)
	}
	if members > 1 {
		s = fmt.Sprintf("%d: %s", f.Member, s)
	}
	return s
}

// heard is an advertisement of a priority at the usual interval.
func heard(src netip.Addr, priority uint8) vrrp.Event { return heardEvery(src, priority, second) }

func heardEvery(src netip.Addr, priority uint8, interval time.Duration) vrrp.Event {
	return vrrp.Heard(src, &vrrp.Advert{Version: 3, RouterID: 51, Priority: priority, Interval: interval})
}

// What a single router does when it becomes Active, and when another one takes over.
func becomes(from vrrp.State, priority uint8, why string) []string {
	return []string{fmt.Sprintf("send %d", priority), "acquire", "announce active x5", fmt.Sprintf("%s -> Active: %s", from, why)}
}

const (
	timedOut      = "no advertisement in time"
	higherHeard   = "heard a higher priority"
	higherAddress = "heard an equal priority from a higher address"
	lowerBeaten   = "Active -> Active: won over a lower priority"
)

// skewOf is Skew_Time by the formula of RFC 9568, section 6.1, written down a second time.
func skewOf(priority int, interval time.Duration) time.Duration {
	return interval * time.Duration(256-priority) / 256
}
