package vrrp

import "time"

// becomeActive starts the timers of Active; the interval is our own again (RFC 9568, section 6.1).
func (m *Machine) becomeActive(now time.Duration) {
	m.enter(now)
	m.yielded, m.hold = false, 0
	m.advert.start(now, m.config.Interval)
	m.second.start(now, m.config.Announce.Delay)
	m.refresh.start(now, m.config.Announce.Refresh)
	m.rival, m.again = 0, 0
}

// outranked says whether an advertisement is of a router that is to be Active rather than we, and why (RFC 9568, section 6.4.3).
func (m *Machine) outranked(e Event) (Why, bool) {
	own := m.Effective()
	switch {
	case e.advert.Priority > own:
		return WhyHigherPriority, true
	case e.advert.Priority == own && e.source.Compare(m.config.Source) > 0:
		return WhyHigherAddress, true
	}
	return WhyLowerPriority, false
}

// conflictRepeat is the time between two announcements while a conflict lasts.
const conflictRepeat = 10 * time.Second

// assert answers a router that claims the role and loses: at once, so that it yields, and with an announcement, since switches and
// neighbours may have learned its address. A conflict is reported when it begins. It is over when the loser was silent for as long as
// it needs to become Active again: one that never yields is not reported a second time.
func (g *Group) assert(now time.Duration, m *Machine, e Event) {
	g.advertise(now, m)
	known := now < m.rival
	m.rival = now + time.Duration(m.config.DownAdverts)*max(m.config.Interval, e.advert.Interval)
	if known && now < m.again {
		return
	}
	m.again = now + conflictRepeat
	if m.config.Announce.LowerPriority {
		g.announce(m, BurstLowerPriority)
		m.second.start(now, m.config.Announce.Delay)
	}
	if !known {
		g.changed(m, Active, cause{m.index, WhyLowerPriority, e.source, e.advert.Priority})
	}
}

// activeTimer does what is due in Active.
func (g *Group) activeTimer(now time.Duration, m *Machine) {
	if m.advert.due(now) {
		g.duels = 0
		g.emit(Effect{Do: Send, Member: m.index, Priority: m.Effective()})
		m.keepPace(now)
	}
	if m.second.due(now) {
		g.announce(m, BurstSecond)
		m.second.stop()
	}
	if m.refresh.due(now) {
		g.announce(m, BurstRefresh)
		m.refresh.start(now, m.config.Announce.Refresh)
	}
}

// keepPace sets the next advertisement an interval after the last one was due, so that lateness does not add up; slots that were
// missed as a whole are skipped.
func (m *Machine) keepPace(now time.Duration) {
	m.advert.at += m.config.Interval
	if m.advert.at <= now {
		m.advert.start(now, m.config.Interval)
	}
}

// advertise sends at once and starts Adver_Timer anew.
func (g *Group) advertise(now time.Duration, m *Machine) {
	g.emit(Effect{Do: Send, Member: m.index, Priority: m.Effective()})
	m.advert.start(now, m.config.Interval)
}

func (g *Group) announce(m *Machine, b Burst) {
	repeat := m.config.Announce.Repeat
	if b == BurstRefresh {
		repeat = m.config.Announce.RefreshRepeat
	}
	g.emit(Effect{Do: Announce, Member: m.index, Burst: b, Repeat: repeat})
}
