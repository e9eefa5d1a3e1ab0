package vrrp

import "time"

// Group is a sync group: machines that are in one state at all times, all or nothing (keepalived's vrrp_sync_group). An instance
// without a group is one of a single member. It becomes Active when the Active_Down_Timers of all members have expired, and leaves
// when one member has to.
type Group struct {
	state   State
	members []Machine
	duels   int      // times it yielded before it had been Active for an interval
	effects []Effect // reused by each step
}

// effectsPerMember is the most that a step gives for one member: that of promote.
const effectsPerMember = 4

// NewGroup makes a group in Initialize. Members have to stand in the same order on all routers (see yield).
func NewGroup(configs ...Config) *Group {
	g := &Group{members: make([]Machine, len(configs)), effects: make([]Effect, 0, len(configs)*effectsPerMember)}
	for i, c := range configs {
		g.members[i] = Machine{config: c, index: i, interval: c.Interval}
	}
	return g
}

// State is that of all members.
func (g *Group) State() State { return g.state }

// Member is the machine at an index, to be read.
func (g *Group) Member(i int) *Machine { return &g.members[i] }

// Deadline is when Step wants Timer; false: never, unless something else happens.
func (g *Group) Deadline() (time.Duration, bool) {
	var first alarm
	for i := range g.members {
		first = earliest(first, g.members[i].deadline(g.state))
	}
	return first.at, first.set
}

// Late says whether a deadline of the group is past by more than an interval, see the rule of late timers.
func (g *Group) Late(now time.Duration) bool {
	for i := range g.members {
		m := &g.members[i]
		if d := m.deadline(g.state); d.set && Late(now, d.at, m.interval) {
			return true
		}
	}
	return false
}

// Step takes one event. The member counts for Heard, Tracked and Reconfigure; the other events are for all members. The effects are
// valid until the next step.
func (g *Group) Step(now time.Duration, member int, e Event) []Effect {
	g.effects = g.effects[:0]
	m := &g.members[member]
	switch e.kind {
	case eventStart:
		g.start(now)
	case eventResume:
		g.resume(now)
	case eventShutdown:
		g.shutdown()
	case eventHandover:
		g.handover(now)
	case eventTimer:
		g.timer(now)
	case eventHeard:
		g.hear(now, m, e)
	case eventTracked:
		g.track(now, m, e.tally)
	case eventReconfigure:
		g.reconfigure(now, m, e.config)
	}
	return g.effects
}

func (g *Group) timer(now time.Duration) {
	for i := range g.members {
		switch g.state {
		case Active:
			g.activeTimer(now, &g.members[i])
		case Backup:
			g.members[i].expire(now)
		}
	}
	if g.state == Backup && g.ready() {
		g.promote(now, false)
	}
}

func (g *Group) hear(now time.Duration, m *Machine, e Event) {
	switch g.state {
	case Backup:
		m.backupHears(now, e)
	case Active:
		if why, is := m.outranked(e); is {
			g.yield(now, m, why, e)
		} else {
			g.assert(now, m, e)
		}
	}
}

func (g *Group) emit(e Effect) { g.effects = append(g.effects, e) }
