package pool

import (
	"cmp"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Status is who is not simply in, and why. Counts of checks are the runner's.
func (p *Pools) Status(now time.Time) spec.HealthStatus {
	var out spec.HealthStatus
	for i := range p.members {
		if len(p.members[i].checks) > 0 {
			out.Checked++
		}
		if h, ok := p.health(&p.members[i], now); ok {
			out.Servers = append(out.Servers, h)
		}
	}
	slices.SortFunc(out.Servers, func(a, b spec.ServerHealth) int { return a.Key.Compare(b.Key) })
	for i := range p.services {
		s := &p.services[i]
		if !s.lost && !s.brake.on {
			continue
		}
		h := spec.ServiceHealth{Key: s.key, Lost: s.lost, Weight: p.live(s), Quorum: s.server.Quorum, Brake: s.brake.status(s.down, len(s.members)), Pos: s.place.Pos(s.server.At)}
		if sorry := s.sorry(); s.lost && sorry != nil {
			h.Sorry = &sorry.Key
		}
		out.Services = append(out.Services, h)
	}
	slices.SortFunc(out.Services, func(a, b spec.ServiceHealth) int { return a.Key.Compare(b.Key) })
	out.Brake = p.all.status(p.down, len(p.checks))
	return out
}

func (b *brake) status(down, of int) *spec.BrakeStatus {
	if !b.on {
		return nil
	}
	return &spec.BrakeStatus{Down: down, Of: of, Limit: b.limit, Since: b.since}
}

func (p *Pools) health(m *member, now time.Time) (spec.ServerHealth, bool) {
	s := &p.services[m.service]
	h := spec.ServerHealth{Key: m.key, Since: m.since, Why: m.why, Weight: p.weight(m, now), Pos: s.place.Pos(m.server.At)}
	switch {
	case len(m.checks) == 0:
		return h, false
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
	case h.Weight != m.server.Dest.Weight:
		h.State = "weighed"
	default:
		return h, false
	}
	return h, true
}
