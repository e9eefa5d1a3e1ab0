package vrrp

import "time"

// backupHears is the receipt of an advertisement in Backup (RFC 9568, section 6.4.2).
func (m *Machine) backupHears(now time.Duration, e Event) {
	switch {
	case e.advert.Priority == priorityRelease:
		m.arm(now, waitSkew)
	case e.advert.Priority >= m.Effective():
		m.delayed.stop()
		m.follow(now, e)
	case !m.preempts() || m.preemptLater(now):
		m.follow(now, e)
	default:
		m.lower = true
		m.master, m.priority = e.source, e.advert.Priority
	}
}

func (m *Machine) follow(now time.Duration, e Event) {
	m.learn(e)
	m.arm(now, waitDown)
}

// preemptLater says whether a lower priority still counts as the master's: PreemptDelay runs from the first one that is heard.
func (m *Machine) preemptLater(now time.Duration) bool {
	if m.config.PreemptDelay > 0 && !m.delayed.set {
		m.delayed.start(now, m.config.PreemptDelay)
	}
	return m.delayed.set && now < m.delayed.at
}

// expire makes the machine ready if its Active_Down_Timer is due.
func (m *Machine) expire(now time.Duration) {
	if m.down().due(now) {
		m.ready = true
	}
}

// whyReady is why an expired machine may become Active.
func (m *Machine) whyReady() Why {
	switch {
	case m.wait == waitNothing:
		return WhyOwner
	case m.wait == waitSkew:
		return WhyReleased
	case m.lower:
		return WhyPreempted
	}
	return WhyTimeout
}
