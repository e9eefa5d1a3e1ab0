package pool

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Judge takes verdicts, and returns the services of which something else is asked now, in order. Verdicts of checks that are not run any
// more are passed over.
func (p *Pools) Judge(verdicts []spec.Verdict, now time.Time) []spec.ServiceKey {
	members := map[int]bool{}
	for _, v := range verdicts {
		i, ok := p.byCheck[v.Check]
		if !ok {
			continue
		}
		c := &p.checks[i]
		p.count(c, v.State == spec.CheckDown, now)
		c.verdict = v
		for _, m := range c.members {
			members[m] = true
		}
	}
	return p.decide(members, now)
}

// count keeps what the brake of all checks goes by: how many are down, and which fails now that did not. One whose real servers are all
// out already does not fail only now. What has one cause has failed when the slowest check has.
func (p *Pools) count(c *check, fails bool, now time.Time) {
	switch was := c.verdict.State == spec.CheckDown; {
	case fails && !was:
		p.down++
		if slices.ContainsFunc(c.members, func(m int) bool { return !p.members[m].out }) {
			p.all.fail(now, p.within)
		}
	case was && !fails:
		p.down--
	}
}

// recovers is the longest in which a server that is back comes up.
func recovers(c spec.Check) time.Duration {
	return time.Duration(max(1, c.Rise))*max(c.DownInterval, c.Timeout) + c.Timeout + lateness
}

// within is the time in which what has one cause fails: a round of probes, and the wait for the last of them.
func within(c spec.Check) time.Duration { return c.Interval + c.Timeout }

// countMembers keeps what the brake of a service goes by. A real server of which several checks fail is one.
func (p *Pools) countMembers(s *service, now time.Time) {
	for _, i := range s.members {
		m := &p.members[i]
		was := m.failing
		p.see(m)
		if m.failing && !was && !m.out {
			s.brake.fail(now, s.within)
		}
	}
}

// see notes whether the checks of a member fail.
func (p *Pools) see(m *member) {
	state, _ := p.state(m)
	s, fails := &p.services[m.service], state == spec.CheckDown
	switch {
	case fails && !m.failing:
		s.down++
	case m.failing && !fails:
		s.down--
	}
	m.failing = fails
}

// decide settles members whose checks may have another result, and all others that a brake lets go or holds.
func (p *Pools) decide(members map[int]bool, now time.Time) []spec.ServiceKey {
	services := map[int]bool{}
	for m := range members {
		services[p.members[m].service] = true
	}
	if p.all.judge(p.failing(), len(p.checks), now) {
		p.tellBrake(nil, &p.all, p.down, len(p.checks), "checks")
		for i := range p.services {
			services[i] = true
		}
	}
	var out []spec.ServiceKey
	for _, i := range slices.Sorted(maps.Keys(services)) {
		s := &p.services[i]
		p.countMembers(s, now)
		if s.brake.judge(p.failingOf(s), len(s.members), now) {
			p.tellBrake(s.key, &s.brake, s.down, len(s.members), "real servers")
			p.easing[i] = true
		}
		for _, m := range s.members {
			p.turn(m, now)
		}
		if p.settle(i, now) {
			out = append(out, s.key)
		}
	}
	slices.SortFunc(out, spec.ServiceKey.Compare)
	return out
}

func (p *Pools) tellBrake(k spec.Key, b *brake, down, of int, what string) {
	n := News{Key: k, What: "brake", State: "off", Why: fmt.Sprintf("%d of %d %s fail", down, of, what)}
	if b.on {
		n.State, n.Why = "on", b.why(down, of, what)
	}
	p.news = append(p.news, n)
}

// turn takes a member out or in, as its checks say and the brakes allow. Without a verdict it stays where it is.
func (p *Pools) turn(i int, now time.Time) {
	m := &p.members[i]
	if len(m.checks) == 0 {
		return
	}
	state, why := p.state(m)
	held := m.held
	m.held = false
	switch {
	case state == spec.CheckUnknown, state == spec.CheckDown && m.out, state == spec.CheckUp && !m.out:
		if m.out && state == spec.CheckDown {
			m.why, m.kept = why, false
		}
		m.judged = m.judged || state != spec.CheckUnknown
	case state == spec.CheckDown && (p.all.holds(held, now) || p.services[m.service].brake.holds(held, now)):
		m.held, m.why = true, why
	case state == spec.CheckDown:
		m.out, m.judged, m.since, m.why, m.rising = true, true, now, why, time.Time{}
		delete(p.rising, i)
		p.news = append(p.news, News{Key: m.key, What: "real_server", State: "down", Why: why})
	default:
		m.out, m.kept, m.judged, m.since, m.why = false, false, true, now, ""
		if p.services[m.service].server.SlowStart > 0 && p.configured(m) > 1 {
			m.rising, p.rising[i] = now, true
		}
		p.news = append(p.news, News{Key: m.key, What: "real_server", State: "up"})
	}
}

// Tick lets rising weights rise, and takes out who was held long enough. It returns the services of which something else is asked now,
// in order.
func (p *Pools) Tick(now time.Time) []spec.ServiceKey {
	var out []spec.ServiceKey
	if members := p.released(now); len(members) > 0 {
		out = p.decide(members, now)
	}
	services := map[int]bool{}
	for i := range p.rising {
		m := &p.members[i]
		services[m.service] = true
		if p.step(m, now) == steps {
			m.rising = time.Time{}
			delete(p.rising, i)
		}
	}
	for i := range services {
		if p.settle(i, now) {
			out = append(out, p.services[i].key)
		}
	}
	slices.SortFunc(out, spec.ServiceKey.Compare)
	return slices.Compact(out)
}

// Due is when Tick has something to do; false: never.
func (p *Pools) Due(now time.Time) (time.Time, bool) {
	var first time.Time
	for i := range p.rising {
		first = sooner(first, p.nextStep(&p.members[i], now))
	}
	first = sooner(first, p.all.until)
	for i := range p.easing {
		first = sooner(first, p.services[i].brake.until)
	}
	return first, !first.IsZero()
}
