package pool

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// takeOver keeps what an earlier Pools knew of the same checks, real servers and services.
func (p *Pools) takeOver(was *Pools, now time.Time) {
	p.all.keep(was.all)
	for i := range p.checks {
		c := &p.checks[i]
		if n, ok := was.byCheck[c.check]; ok {
			c.verdict, c.began = was.checks[n].verdict, was.checks[n].began
		}
		if c.verdict.State == spec.CheckDown {
			p.down++
		}
	}
	members := map[spec.DestKey]*member{}
	for i := range was.members {
		members[was.members[i].key] = &was.members[i]
	}
	for i := range p.members {
		if old := members[p.members[i].key]; old != nil {
			p.goOn(i, old, now)
		}
	}
	services := map[spec.ServiceKey]*service{}
	for i := range was.services {
		services[was.services[i].key] = &was.services[i]
	}
	for i := range p.services {
		s := &p.services[i]
		if old := services[s.key]; old != nil {
			s.known, s.lost = true, old.lost
			s.brake.keep(old.brake)
		}
	}
}

// goOn has a member be as an earlier Pools had it. One that is not checked any more is in.
func (p *Pools) goOn(i int, was *member, now time.Time) {
	m := &p.members[i]
	m.known, m.out, m.kept, m.held, m.asked, m.since, m.why, m.rising = true, was.out, was.kept, was.held, was.asked, was.since, was.why, was.rising
	if len(m.checks) == 0 {
		if m.out {
			p.news = append(p.news, News{Key: m.key, What: "real_server", State: "up", Why: "it is not checked any more"})
		}
		m.out, m.kept, m.since = false, false, now
	}
	state, _ := p.state(m)
	m.judged = was.judged && state != spec.CheckUnknown
	if len(m.checks) == 0 || p.services[m.service].server.SlowStart == 0 {
		m.rising = time.Time{}
	}
	if !m.rising.IsZero() {
		p.rising[i] = true
	}
}

// find says how a member is that is not known yet. One that is missing, or has weight 0, is new with a commit, or was drained; after a
// restart, it was taken out. Then it stays as it is, at weight 0 or away, and goes on rising where it did.
func (p *Pools) find(i int, live spec.State, restarted bool, overrides []spec.Override, now time.Time) {
	m := &p.members[i]
	s := &p.services[m.service]
	m.since = now
	_, served := live.Services.Find(m.key.Service)
	d, there := live.Dests.Find(m.key)
	switch has, git := d.Value.Weight, m.server.Dest.Weight; {
	case there && slices.ContainsFunc(overrides, func(o spec.Override) bool { return o.Key == m.key }):
	case there && (has > 0 || git == 0):
		if restarted && has != git {
			p.findWeight(i, has, now)
		}
	case served && restarted:
		m.out, m.kept = true, there
	default:
		m.out = s.server.StartDown
	}
}

// findWeight has a member go on with another weight than git's, if it may have that from its checks.
func (p *Pools) findWeight(i int, has int32, now time.Time) {
	m := &p.members[i]
	git, whole := m.server.Dest.Weight, p.services[m.service].server.SlowStart
	switch {
	case slices.ContainsFunc(m.checks, func(c int) bool { return p.checks[c].check.Settings.Values().Get("weight_from_exit") == "true" }):
		m.asked = has
	case whole > 0 && has < git:
		step := (time.Duration(has)*steps + time.Duration(git) - 1) / time.Duration(git)
		m.rising, p.rising[i] = now.Add(-(whole*(step-1)+steps-2)/(steps-1)), true
	}
}

// ease lets go the brakes that what fails now is not enough for: with another limit, or fewer who can fail. That is what the commit asks
// for, and nobody is held any longer for it.
func (p *Pools) ease(now time.Time) {
	if p.all.ease(p.failing(), len(p.checks), now) {
		p.all.until = time.Time{}
		p.tellBrake(nil, &p.all, p.down, len(p.checks), "checks")
	}
	for i := range p.services {
		s := &p.services[i]
		if s.brake.ease(p.failingOf(s), len(s.members), now) {
			s.brake.until = time.Time{}
			p.tellBrake(s.key, &s.brake, s.down, len(s.members), "real servers")
		}
		if !s.brake.until.IsZero() {
			p.easing[i] = true
		}
	}
}
