package engine

import (
	"strconv"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
)

// group drives one group of package vrrp.
type group struct {
	id      int // of its deadline
	machine *vrrp.Group
	members []*member
	resumes bool // starts as master: the last advertisements are fresh
}

func (m *member) machine() *vrrp.Machine { return m.group.machine.Member(m.index) }

// step gives an event to the state machine and carries out its effects in their order. Packets leave at the end of the wake-up,
// and orders to the holder behind them.
func (l *loop) step(m *member, now time.Duration, e vrrp.Event) {
	g := m.group
	for _, f := range g.machine.Step(now, m.index, e) {
		to := g.members[f.Member]
		if to.gone {
			continue
		}
		switch f.Do {
		case vrrp.Send:
			l.send(to, f.Priority)
		case vrrp.Acquire:
			l.order(to, acquire, 0)
		case vrrp.Release:
			l.order(to, release, 0)
		case vrrp.Announce:
			l.order(to, asIs, f.Repeat)
		case vrrp.Changed:
			l.changed(to, &f)
		}
	}
	at, is := g.machine.Deadline()
	l.due.set(g.id, at, is)
}

// given is an order that waits for the packets before it.
type given struct {
	to       *holding
	role     duty
	announce uint32
}

func (l *loop) order(m *member, role duty, announce uint32) {
	l.given = append(l.given, given{m.holding, role, announce})
}

// changed keeps a transition where it outlives the process, and tells of it. To resume after a restart is none: nobody else saw an
// interruption. But it is one for an instance that joins a group of masters.
func (l *loop) changed(m *member, f *vrrp.Effect) {
	was := vrrp.State(m.slot.state)
	m.slot.state = uint8(f.To)
	if f.To != vrrp.Active && f.From == vrrp.Initialize {
		l.order(m, release, 0) // what an earlier engine left
	}
	if f.Why == vrrp.WhyResumed {
		if was == vrrp.Active {
			return
		}
		f.Why = vrrp.WhySyncGroup
	}
	now := time.Now()
	r := l.page.push()
	r.time, r.from, r.to, r.priority = now.UnixNano(), uint8(f.From), uint8(f.To), f.Priority
	r.instance, r.group = m.slot.name, text{}
	r.group.set(m.inst.SyncGroup)
	r.why.cause(m, f)
	if f.From != f.To {
		m.slot.since, m.slot.why = now.UnixNano(), r.why
		m.slot.transitions++
		if f.To == vrrp.Active {
			m.master++
		}
	}
	l.page.publish(r)
	l.rang = true
}

// cause is why a transition was, with who or what was behind it, built without memory of its own.
func (t *text) cause(m *member, f *vrrp.Effect) {
	b := append(t.b[:0], f.Why.String()...)
	if f.Why == vrrp.WhyFault {
		if fault := m.fault(); fault != "" {
			b = append(b[:0], fault...)
		}
	}
	if f.Peer.IsValid() {
		b = append(b, " ("...)
		b = f.Peer.AppendTo(b)
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(f.PeerPriority), 10)
		b = append(b, ')')
	}
	t.n = uint8(copy(t.b[:], b))
}
