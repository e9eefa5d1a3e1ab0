package vrrp

import (
	"net/netip"
	"time"
)

// cause is why a group changes its state: what happened to one member, or to all of them.
type cause struct {
	member   int // everyone, or the one; the others follow it
	why      Why
	peer     netip.Addr
	priority uint8
}

const everyone = -1

// promote makes all members Active. All advertise before the first takes its addresses: acquiring takes time, in which the other
// routers leave already.
func (g *Group) promote(now time.Duration, resumed bool) {
	from := g.state
	g.state = Active
	for i := range g.members {
		g.emit(Effect{Do: Send, Member: i, Priority: g.members[i].Effective()})
	}
	for i := range g.members {
		m := &g.members[i]
		c := cause{i, m.whyReady(), m.master, m.priority}
		if resumed {
			c.why = WhyResumed
		}
		m.becomeActive(now)
		g.emit(Effect{Do: Acquire, Member: i})
		g.announce(m, BurstActive)
		g.changed(m, from, c)
	}
}

// leave changes to a state that is not Active. Active members release what they hold, and say so by priority 0, unless another router
// is Active already (RFC 9568, section 6.4.3).
func (g *Group) leave(to State, c cause) {
	from := g.state
	g.state = to
	if from == Active {
		g.release(!c.peer.IsValid())
	}
	for i := range g.members {
		g.changed(&g.members[i], from, c)
	}
}

func (g *Group) release(advertise bool) {
	if advertise {
		for i := range g.members {
			g.emit(Effect{Do: Send, Member: i, Priority: priorityRelease})
		}
	}
	for i := range g.members {
		g.emit(Effect{Do: Release, Member: i})
	}
}

// changed tells of a member's part in a transition.
func (g *Group) changed(m *Machine, from State, c cause) {
	e := Effect{Do: Changed, Member: m.index, From: from, To: g.state, Priority: m.Effective(), Why: WhySyncGroup}
	if c.member == m.index || c.member == everyone {
		e.Why, e.Peer, e.PeerPriority = c.why, c.peer, c.priority
	}
	g.emit(e)
}

// elect enters Backup. Owners wait for nothing: if all members are owners, the group is Active at once.
func (g *Group) elect(now time.Duration, c cause) {
	for i := range g.members {
		m := &g.members[i]
		m.enter(now)
		if m.config.owner() && !m.yielded {
			m.arm(now, waitNothing)
		}
		m.expire(now)
	}
	if g.ready() {
		g.promote(now, false)
		return
	}
	g.leave(Backup, c)
}

// ready says whether the Active_Down_Timers of all members have expired.
func (g *Group) ready() bool {
	for i := range g.members {
		if !g.members[i].ready {
			return false
		}
	}
	return true
}

// yield leaves the role to the router that one member heard. Where two groups yield to each other, each by another member, they would
// expire together and do so again for ever: a group therefore waits longer by as many intervals as that member's index, which differs
// between the two, and by as many times more as this has happened (a third group may expire with either of them).
func (g *Group) yield(now time.Duration, m *Machine, why Why, e Event) {
	g.leave(Backup, cause{m.index, why, e.source, e.advert.Priority})
	for i := range g.members {
		g.members[i].enter(now)
	}
	g.duels++
	m.hold = now + time.Duration(g.duels*m.index)*m.config.Interval
	m.follow(now, e)
}
