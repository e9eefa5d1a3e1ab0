package vrrp

import "time"

// skew is Skew_Time (RFC 9568, section 6.1; RFC 3768, section 6.1 has it independent of the interval).
func skew(version, priority uint8, interval time.Duration) time.Duration {
	if version == 2 {
		interval = time.Second
	}
	return time.Duration(256-int(priority)) * interval / 256
}

// Late says whether a deadline is past by more than an interval: the driver did not run, and has to read its sockets before Timer.
func Late(now, deadline, interval time.Duration) bool { return now-deadline > interval }

// alarm is one deadline of a machine, or none.
type alarm struct {
	at  time.Duration
	set bool
}

func (a *alarm) stop() { a.set = false }

// start sets the alarm; after 0 means none.
func (a *alarm) start(now, after time.Duration) { *a = alarm{at: now + after, set: after > 0} }

func (a alarm) due(now time.Duration) bool { return a.set && a.at <= now }

// earliest is the first of two alarms.
func earliest(a, b alarm) alarm {
	if !a.set || b.set && b.at < a.at {
		return b
	}
	return a
}
