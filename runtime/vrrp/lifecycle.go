package vrrp

import "time"

// start is the event Startup of RFC 9568, section 6.4.1. StartupDelay holds the election back, not the listening.
func (g *Group) start(now time.Duration) {
	if g.state != Initialize {
		return
	}
	for i := range g.members {
		g.members[i].hold = now + g.members[i].config.StartupDelay
	}
	if g.faulty() {
		g.leave(Fault, cause{member: everyone, why: WhyFault})
		return
	}
	g.elect(now, cause{member: everyone, why: WhyStarted})
}

// resume goes on as Active. It announces again, since the restart may have cut the first burst short.
func (g *Group) resume(now time.Duration) {
	if g.state != Initialize {
		return
	}
	if g.faulty() {
		g.state = Active
		g.leave(Fault, cause{member: everyone, why: WhyFault})
		return
	}
	g.promote(now, true)
}

// shutdown is the event of that name (RFC 9568, sections 6.4.2 and 6.4.3).
func (g *Group) shutdown() {
	if g.state != Initialize {
		g.leave(Initialize, cause{member: everyone, why: WhyShutdown})
	}
}

func (g *Group) handover(now time.Duration) {
	if g.state != Active {
		return
	}
	g.leave(Backup, cause{member: everyone, why: WhyHandover})
	for i := range g.members {
		g.members[i].enter(now)
		g.members[i].yielded = true
	}
}

// track keeps the verdicts on a member. The first fault takes the whole group out, the end of the last one brings it back.
func (g *Group) track(now time.Duration, m *Machine, t Tally) {
	m.tally = t
	switch {
	case g.state == Initialize:
	case g.state != Fault && t.Fault:
		g.leave(Fault, cause{member: m.index, why: WhyFault})
	case g.state == Fault && !g.faulty():
		g.elect(now, cause{member: m.index, why: WhyRecovered})
	}
}

func (g *Group) faulty() bool {
	for i := range g.members {
		if g.members[i].tally.Fault {
			return true
		}
	}
	return false
}

// reconfigure keeps state and timers. A new interval is advertised at once, since the others wait by the one they learned.
// StartupDelay counts at the next start.
func (g *Group) reconfigure(now time.Duration, m *Machine, c Config) {
	old := m.config
	if !old.InPlace(c) {
		panic("vrrp: reconfigured to another virtual router")
	}
	m.config = c
	if old.PreemptDelay != c.PreemptDelay {
		m.delayed.stop()
	}
	if old.Interval != c.Interval && (g.state != Backup || !m.master.IsValid() || c.Version == 2) {
		m.interval = c.Interval
	}
	if g.state != Active {
		return
	}
	if old.Interval != c.Interval {
		g.advertise(now, m)
	}
	if old.Announce.Refresh != c.Announce.Refresh {
		m.refresh.start(now, c.Announce.Refresh)
	}
}
