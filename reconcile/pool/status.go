package pool

import (
	"cmp"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Status costs a pass over all members. It is who is not simply in, and why. Counts of checks are the runner's.
func (p *Pools) Status(now time.Time) spec.HealthStatus {
	var out spec.HealthStatus
	out.Servers = make([]spec.ServerHealth, 0, p.listed)
	for i := range p.services {
		s, from := &p.services[i], len(out.Servers)
		for _, n := range s.members {
			m := &p.members[n]
			if len(m.checks) == 0 {
				continue
			}
			out.Checked++
			if h, ok := p.health(m, now); ok {
				out.Servers = append(out.Servers, h)
			}
		}
		slices.SortFunc(out.Servers[from:], func(a, b spec.ServerHealth) int { return a.Key.Compare(b.Key) })
		if s.lost || s.brake.on {
			out.Services = append(out.Services, p.serviceHealth(s))
		}
	}
	p.listed = len(out.Servers)
	out.Brake = p.all.status(p.down, len(p.checks))
	return out
}

func (p *Pools) serviceHealth(s *service) spec.ServiceHealth {
	h := spec.ServiceHealth{Key: s.key, Lost: s.lost, Weight: p.live(s), Quorum: s.server.Quorum, Brake: s.brake.status(s.down, len(s.members)), Pos: s.place.Pos(s.server.At)}
	if sorry := s.sorry(); s.lost && sorry != nil {
		h.Sorry = &sorry.Key
	}
	return h
}

func (b *brake) status(down, of int) *spec.BrakeStatus {
	if !b.on {
		return nil
	}
	return &spec.BrakeStatus{Down: down, Of: of, Limit: b.limit, Since: b.since}
}

// health is how a member with checks is; false: simply in.
func (p *Pools) health(m *member, now time.Time) (spec.ServerHealth, bool) {
	s, weight := &p.services[m.service], p.weight(m, now)
	if m.judged && !m.held && !m.out && m.rising.IsZero() && weight == m.server.Dest.Weight {
		return spec.ServerHealth{}, false
	}
	h := spec.ServerHealth{Key: m.key, Since: m.since, Why: m.why, Weight: weight, Pos: s.place.Pos(m.server.At)}
	switch {
	case m.held:
		h.State = "held"
	case m.out:
		h.State, h.Weight = "out", 0
		h.Why = cmp.Or(h.Why, "it was out when the agent started, and no check has succeeded since")
		if !m.judged && s.server.StartDown {
			h.Why = cmp.Or(m.why, "start_state is down, and its checks have not succeeded yet")
		}
	case !m.rising.IsZero():
		h.State, h.Until = "rising", m.rising.Add(s.server.SlowStart)
	case !m.judged:
		h.State = "unjudged"
	default:
		h.State = "weighed"
	}
	return h, true
}
