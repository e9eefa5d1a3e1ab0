package pool

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

// released are the members that a brake held for a time after it was let go, once that is over.
func (p *Pools) released(now time.Time) map[int]bool {
	out := map[int]bool{}
	over := func(b *brake) bool {
		if b.until.IsZero() || now.Before(b.until) {
			return false
		}
		b.until = time.Time{}
		return true
	}
	if over(&p.all) {
		for i := range p.members {
			if p.members[i].held {
				out[i] = true
			}
		}
	}
	for i := range p.easing {
		s := &p.services[i]
		if !over(&s.brake) {
			continue
		}
		delete(p.easing, i)
		for _, m := range s.members {
			if p.members[m].held {
				out[m] = true
			}
		}
	}
	return out
}

// sooner is the first of two moments, of which the zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Resume puts on the brakes that were on before a restart. Each is let go once it is clear that fewer fail.
func (p *Pools) Resume(on map[string]time.Time) {
	resume := func(b *brake, name string) {
		if since, was := on[name]; was && b.limit > 0 && b.limit < 100 {
			b.on, b.anew, b.since = true, true, since
		}
	}
	resume(&p.all, "")
	for i := range p.services {
		resume(&p.services[i].brake, p.services[i].key.String())
	}
}

// failing is how many checks fail, as the brake of all counts: after a restart also those of which nothing is known yet.
func (p *Pools) failing() int {
	n := p.down
	if p.all.anew {
		for i := range p.checks {
			if p.checks[i].verdict.State == spec.CheckUnknown {
				n++
			}
		}
	}
	return n
}

// failingOf is the same of the real servers of a service.
func (p *Pools) failingOf(s *service) int {
	n := s.down
	if s.brake.anew {
		for _, i := range s.members {
			if state, _ := p.state(&p.members[i]); state == spec.CheckUnknown {
				n++
			}
		}
	}
	return n
}
