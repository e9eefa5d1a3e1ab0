package pool

import (
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// settle works out what is asked of a service, and says whether that is something else than before.
func (p *Pools) settle(i int, now time.Time) bool {
	s := &p.services[i]
	p.quorum(s)
	fact, asks := p.fact(s, now)
	was, asked := p.facts[s.key]
	if asks == asked && slices.Equal(fact.Members, was.Members) && (fact.Sorry == nil) == (was.Sorry == nil) {
		return false
	}
	if asks {
		p.facts[s.key] = fact
	} else {
		delete(p.facts, s.key)
	}
	p.shift++
	return true
}

// quorum says whether the live real servers weigh enough: it is gained at quorum + hysteresis, and lost below quorum - hysteresis. All of
// them together are enough for either.
func (p *Pools) quorum(s *service) {
	weight := p.live(s)
	q, h := int64(s.server.Quorum), int64(s.server.Hysteresis)
	switch {
	case !s.lost && weight < max(min(q-h, p.most(s)), 1):
		s.lost = true
		p.news = append(p.news, News{Key: s.key, What: "quorum", State: "down", Why: fmt.Sprintf("live real servers weigh %d, quorum is %d%s", weight, q, hysteresis(h))})
	case s.lost && weight >= min(q+h, p.most(s)):
		s.lost = false
		p.news = append(p.news, News{Key: s.key, What: "quorum", State: "up", Why: fmt.Sprintf("live real servers weigh %d, quorum is %d%s", weight, q, hysteresis(h))})
	}
}

// live is what the real servers that are in weigh, when none of them rises.
func (p *Pools) live(s *service) int64 {
	weight := int64(0)
	for _, i := range s.members {
		if m := &p.members[i]; !m.out {
			weight += int64(p.configured(m))
		}
	}
	return weight
}

// Quorums says of those of some services that are checked whether they have their quorum.
func (p *Pools) Quorums(of []spec.ServiceKey) map[spec.ServiceKey]bool {
	out := map[spec.ServiceKey]bool{}
	for i := range p.services {
		if s := &p.services[i]; slices.Contains(of, s.key) {
			out[s.key] = !s.lost
		}
	}
	return out
}

func hysteresis(h int64) string {
	if h == 0 {
		return ""
	}
	return fmt.Sprintf(" with hysteresis %d", h)
}

// most is what all real servers of a service weigh: a quorum that can never be gained would keep the sorry server for good.
func (p *Pools) most(s *service) int64 {
	all := int64(0)
	for _, i := range s.members {
		all += int64(p.configured(&p.members[i]))
	}
	return max(all, 1)
}

// fact is what is asked of a service; false: nothing. A sorry server stands in for all.
func (p *Pools) fact(s *service, now time.Time) (spec.PoolFact, bool) {
	var f spec.PoolFact
	if s.lost {
		f.Sorry = s.sorry()
	}
	for _, i := range s.members {
		m := &p.members[i]
		is := spec.MemberFact{Key: m.key, Weight: p.weight(m, now)}
		if m.out || f.Sorry != nil {
			is.Weight, is.Gone = 0, !s.server.Inhibit && (!m.kept || f.Sorry != nil)
		}
		if is.Gone || is.Weight != m.server.Dest.Weight {
			f.Members = append(f.Members, is)
		}
	}
	slices.SortFunc(f.Members, func(a, b spec.MemberFact) int { return a.Key.Compare(b.Key) })
	return f, f.Sorry != nil || len(f.Members) > 0
}

// sorry is the row of the sorry server; nil: there is none.
func (s *service) sorry() *spec.Row[spec.DestKey, spec.Dest] {
	r := s.server.SorryServer
	if r == nil {
		return nil
	}
	d := r.Dest
	d.Weight = max(d.Weight, 1)
	return &spec.Row[spec.DestKey, spec.Dest]{Key: r.Key(s.key), Value: d, Pos: s.place.Pos(r.At)}
}
