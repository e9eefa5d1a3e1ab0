package engine

import (
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// tracker is one thing that an instance depends on. What has not been heard of yet counts as good.
type tracker struct {
	key         spec.TrackerKey
	weight      int16
	up, down    time.Duration // how long a change has to last
	good, known bool
	since       time.Time // wall clock, to be shown
	pending     bool      // a change waits for its delay
	id          int       // of its deadline
	member      *member
}

// track makes the trackers of an instance. The first is the interface it lives on, of which down is always a fault; a block
// of the interface's name gives it the delays.
func (m *member) track(v spec.VRRP) {
	rows := trackersOf(v, m.name)
	own := &tracker{key: spec.TrackerKey{Instance: m.name, Watch: spec.WatchInterface}, good: true, member: m}
	m.trackers = []*tracker{own}
	for _, r := range rows {
		t := &tracker{key: r.Key, weight: r.Value.Weight, up: r.Value.Up, down: r.Value.Down, good: true, member: m}
		if r.Key.Watch == spec.WatchInterface && r.Key.Name == m.inst.Interface {
			own.up, own.down = t.up, t.down
		}
		m.trackers = append(m.trackers, t)
	}
	m.verdicts = make([]vrrp.Verdict, len(m.trackers))
}

// observe is a verdict. It counts once it has lasted as long as it has to; the first one, which changes nothing from before, at once.
func (l *loop) observe(t *tracker, now time.Duration, good bool) {
	if t.known && t.good == good {
		t.pending = false
		l.due.set(t.id, 0, false)
		return
	}
	delay := t.down
	if good {
		delay = t.up
	}
	if t.known && delay > 0 {
		if !t.pending {
			t.pending = true
			l.due.set(t.id, now+delay, true)
		}
		return
	}
	l.decide(t, now, good)
}

// ripen is the end of a delay: the change has lasted.
func (l *loop) ripen(t *tracker, now time.Duration) {
	l.due.set(t.id, 0, false)
	if t.pending {
		l.decide(t, now, !t.good)
	}
}

func (l *loop) decide(t *tracker, now time.Duration, good bool) {
	t.pending = false
	l.due.set(t.id, 0, false)
	t.good, t.known, t.since = good, true, time.Now()
	l.judge(t.member, now)
}

// judge tells the state machine if the trackers say something else than before. What ails a retired member is no longer its group's
// business.
func (l *loop) judge(m *member, now time.Duration) {
	if m.gone {
		return
	}
	for n, t := range m.trackers {
		m.verdicts[n] = vrrp.Verdict{Weight: t.weight, Good: t.good}
	}
	tally := vrrp.Count(m.verdicts)
	if tally == m.tally {
		return
	}
	m.tally = tally
	l.step(m, now, vrrp.Tracked(tally))
	m.build(m.machine().Effective())
}

// fault says what is wrong with a member.
func (m *member) fault() string {
	for n, t := range m.trackers {
		switch {
		case t.good || t.weight != 0:
		case n == 0 && m.why != "":
			return m.why
		case n == 0:
			return "interface " + m.inst.Interface + " was down"
		default:
			return "track_" + string(t.key.Watch) + " " + t.key.Name + " failed"
		}
	}
	return ""
}
