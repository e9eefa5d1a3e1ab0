package engine

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// design is what the loop is to work by: groups that control prepared from a wanted state.
type design struct {
	groups  []*group
	members map[spec.InstanceKey]*member
}

// newDesign prepares groups: those of sync groups, and one for each other instance.
func newDesign(v spec.VRRP, secrets map[string]string, verdicts map[spec.TrackerKey]bool) design {
	d := design{members: map[spec.InstanceKey]*member{}}
	bySync := map[string]*group{}
	for _, row := range v.Instances {
		g := bySync[row.Value.SyncGroup]
		if g == nil {
			g = &group{}
			d.groups = append(d.groups, g)
		}
		if row.Value.SyncGroup != "" {
			bySync[row.Value.SyncGroup] = g
		}
		m := newMember(v, row, secrets)
		m.group, m.index = g, len(g.members)
		for _, t := range m.trackers {
			if good, ok := verdicts[t.key]; ok {
				t.good, t.known = good, true
			}
		}
		g.members = append(g.members, m)
		d.members[row.Key] = m
	}
	return d
}

// steady says whether a member goes on as the same virtual router: others on its link see no difference but in what it advertises.
func (m *member) steady(next *member) bool {
	return next != nil && !m.gone && m.inst.Interface == next.inst.Interface && m.config().InPlace(next.config())
}

// same says whether two groups have the same members, which all go on. Then nothing but settings change.
func (g *group) same(next *group) bool {
	return slices.EqualFunc(g.members, next.members, func(a, b *member) bool { return a.name == b.name && a.steady(b) })
}

// retire ends the members that a design has no more, or has as other virtual routers, before their addresses are given to others.
func (l *loop) retire(next design) {
	for _, m := range l.members {
		if !m.steady(next.members[m.name]) {
			l.leave(m)
		}
	}
}

// leave takes a single member out, whatever the others of its group do.
func (l *loop) leave(m *member) {
	if m.gone {
		return
	}
	from := m.group.machine.State()
	if from == vrrp.Active {
		l.send(m, 0)
		l.order(m, release, 0)
	}
	l.changed(m, &vrrp.Effect{From: from, To: vrrp.Initialize, Priority: m.inst.Priority, Why: vrrp.WhyShutdown})
	m.gone = true
}

// install works by a design from now on. The holder has adopted it, so that its sockets and grounds are known.
func (l *loop) install(next design, holdings map[spec.InstanceKey]*holding) {
	old := l.members
	for _, g := range next.groups {
		l.succeed(g, old)
	}
	for _, m := range old {
		if n := next.members[m.name]; n == nil || n.group.machine != m.group.machine && !n.group.resumes {
			l.leave(m)
		}
	}
	l.page.prune(func(name spec.InstanceKey) bool { return next.members[name] != nil })
	l.groups, l.members = next.groups, next.members
	l.wire()
	for name, m := range l.members {
		m.holding = holdings[name]
		if m.slot == nil {
			m.slot = l.page.find(name)
		}
	}
	for _, g := range l.groups {
		l.begin(g)
	}
}

// succeed finds what a group goes on from: the same group, or members that were masters all.
func (l *loop) succeed(g *group, old map[spec.InstanceKey]*member) {
	active, others := 0, 0
	for _, m := range g.members {
		before := old[m.name]
		switch {
		case before == nil:
			continue
		case before.steady(m) && before.group.machine.State() == vrrp.Active:
			active++
		default:
			others++
		}
		m.inherit(before)
	}
	if before := old[g.members[0].name]; before != nil && before.group.same(g) {
		g.machine = before.group.machine
		return
	}
	g.resumes = active > 0 && others == 0
}

// wire lays deadlines, sockets and virtual MACs out for the members.
func (l *loop) wire() {
	l.trackers = l.trackers[:0]
	for n, g := range l.groups {
		g.id = n
		for _, m := range g.members {
			for _, t := range m.trackers {
				t.id = len(l.groups) + len(l.trackers)
				l.trackers = append(l.trackers, t)
			}
		}
	}
	l.due = newHeap(len(l.groups) + len(l.trackers))
	l.quantum, l.brisk = 0, false
	if len(l.members) > crowd {
		l.quantum = time.Millisecond
	}
	for key, s := range l.sockets {
		s.byRouter = [256]*member{}
		if s.sock == nil {
			delete(l.sockets, key)
		}
	}
	for _, m := range l.members {
		s := l.socket(m.port())
		s.byRouter[m.inst.RouterID] = m
		m.out = l.outs[m.name]
		l.brisk = l.brisk || m.inst.Interval < time.Second
	}
	l.watch()
}

// crowd is the number of instances above which single wake-ups cost more than the advertisements in them: one wake-up for
// all of a millisecond then takes a third of the time.
const crowd = 200

// begin starts a group, or goes on with it under its new settings. All members know what to send before the first step: it may be one of
// any of them.
func (l *loop) begin(g *group) {
	for _, m := range g.members {
		m.stand(l.grounds[m.name])
		m.build(m.inst.Priority)
	}
	fresh := g.machine == nil
	if fresh {
		l.create(g)
	}
	for _, m := range g.members {
		if !fresh {
			l.step(m, l.now, vrrp.Reconfigure(m.config()))
		}
		l.found(m.trackers[0], m.why == "", fresh)
		for _, t := range m.trackers[1:] {
			if up, ok := l.links[t.key.Name]; ok && t.key.Watch == spec.WatchInterface {
				l.found(t, up, fresh)
			}
		}
		l.judge(m, l.now)
		m.build(m.machine().Effective())
	}
	switch {
	case fresh && g.resumes:
		l.step(g.members[0], l.now, vrrp.Resume())
	case fresh:
		l.step(g.members[0], l.now, vrrp.Start())
	}
}

// create makes the state machine of a group. One whose members were all masters so short a time before the process began that nobody
// can have missed an advertisement goes on as master.
func (l *loop) create(g *group) {
	configs := make([]vrrp.Config, len(g.members))
	resumes := true
	for n, m := range g.members {
		m.tally = vrrp.Tally{}
		configs[n] = m.config()
		within := time.Duration(m.inst.DownAdverts) * m.inst.Interval
		resumes = resumes && vrrp.State(m.slot.state) == vrrp.Active && m.slot.fresh(l.now+l.clock.boot, within)
	}
	g.machine = vrrp.NewGroup(configs...)
	g.resumes = g.resumes || resumes
}

// found is a verdict on an interface: as it is for a group that begins, as a change for one that goes on.
func (l *loop) found(t *tracker, good, fresh bool) {
	if fresh {
		t.good, t.known, t.since = good, true, time.Now()
		return
	}
	l.observe(t, l.now, good)
}
