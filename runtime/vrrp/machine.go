package vrrp

import (
	"net/netip"
	"time"
)

// Machine is one virtual router of a Group, which steps it. The driver reads its figures.
type Machine struct {
	config Config
	tally  Tally
	index  int // in the group

	interval time.Duration // Active_Adver_Interval: our own until another is heard
	master   netip.Addr    // source of the last advertisement that counted; zero: none
	priority uint8         // of it

	// Backup. The Active_Down_Timer runs from `from`, or from `hold` if that is later.
	from    time.Duration
	hold    time.Duration
	wait    wait
	ready   bool  // the timer has expired: Active as soon as all members are
	lower   bool  // a lower priority was discarded meanwhile
	yielded bool  // by handover: no preemption until Active again
	delayed alarm // PreemptDelay; a lower priority is taken for the master's until then

	// Active.
	advert  alarm // Adver_Timer
	second  alarm
	refresh alarm
	rival   time.Duration // a loser that is heard before this time belongs to the conflict that was reported
	again   time.Duration // it is announced again from this time on
}

// wait is what the Active_Down_Timer waits for.
type wait uint8

const (
	waitDown    wait = iota // DownAdverts intervals and Skew_Time
	waitSkew                // Skew_Time only: the Active router gave up
	waitNothing             // an owner that enters the election
)

// Effective is the priority with the weights of the trackers.
func (m *Machine) Effective() uint8 { return effective(m.config.Priority, m.tally) }

// Interval is Active_Adver_Interval: what the Active router advertises, or our own.
func (m *Machine) Interval() time.Duration { return m.interval }

// Master is the source and the priority of the Active router's last advertisement; zero if we are Active or nobody was heard.
func (m *Machine) Master() (netip.Addr, uint8) { return m.master, m.priority }

// deadline is the machine's next in a state.
func (m *Machine) deadline(s State) alarm {
	switch s {
	case Backup:
		return m.down()
	case Active:
		return earliest(m.advert, earliest(m.second, m.refresh))
	}
	return alarm{}
}

// down is the Active_Down_Timer. It is computed when it is asked for, so that a change of the effective priority counts at once, and
// no timer of an earlier state can fire.
func (m *Machine) down() alarm {
	at := max(m.from, m.hold)
	switch m.wait {
	case waitDown:
		at += time.Duration(m.config.DownAdverts)*m.interval + m.skew()
	case waitSkew:
		at += m.skew()
	}
	return alarm{at: at, set: !m.ready}
}

func (m *Machine) skew() time.Duration { return skew(m.config.Version, m.Effective(), m.interval) }

// arm starts the Active_Down_Timer anew.
func (m *Machine) arm(now time.Duration, w wait) {
	m.from, m.wait, m.ready, m.lower = now, w, false, false
}

// enter prepares for Backup: from Initialize, from Fault, or by leaving Active.
func (m *Machine) enter(now time.Duration) {
	m.interval, m.master, m.priority = m.config.Interval, netip.Addr{}, 0
	m.delayed.stop()
	m.arm(now, waitDown)
}

// preempts is Preempt_Mode, which an owner always has.
func (m *Machine) preempts() bool { return !m.yielded && (m.config.Preempt || m.config.owner()) }

// learn takes over what the Active router advertises. Version 2 has one interval for all (RFC 3768, section 7.1).
func (m *Machine) learn(e Event) {
	m.interval, m.master, m.priority = e.advert.Interval, e.source, e.advert.Priority
}
