package pool

import (
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// leastChecks is how many checks a director must run before the brake of all of them can act: a handful that fails together says nothing
// about this director's own network.
const leastChecks = 10

// brake keeps real servers where they are when too many fail at once, until it is clear that it is they who fail.
type brake struct {
	limit  uint32      // percent that may fail within one interval; 0, 100 or more: no brake
	failed []time.Time // when, of those that failed within the last interval
	on     bool
	since  time.Time
	real   bool          // another director sees the same: the failures are believed until they are fewer
	anew   bool          // it was on before a restart: who is not judged since may fail still
	spell  time.Duration // in which who recovers comes up
	until  time.Time     // who is held stays so, after it was let go
}

func (b *brake) keep(was brake) {
	limit, spell := b.limit, b.spell
	*b = was
	b.limit, b.spell = limit, spell
}

// holds says whether a member whose checks fail stays in, which may be held already. When the brake is let go, who is held has time to
// come up: where this host's network is back, the first successes of some are there before those of others.
func (b *brake) holds(held bool, now time.Time) bool { return b.on || held && now.Before(b.until) }

// over says whether so many of a number are more than the limit.
func (b *brake) over(n, of int) bool { return b.limit > 0 && n*100 > int(b.limit)*of }

// fail notes a failure, with the time within which others count as the same event.
func (b *brake) fail(now time.Time, interval time.Duration) {
	keep := 0
	for keep < len(b.failed) && now.Sub(b.failed[keep]) > interval {
		keep++
	}
	b.failed = append(b.failed[keep:], now)
}

// judge says whether the brake is on, with how many are down of how many; changed: it was not before, or was.
func (b *brake) judge(down, of int, now time.Time) (changed bool) {
	was := b.on
	if b.ease(down, of, now); b.over(down, of) && !b.on && !b.real && b.over(len(b.failed), of) {
		b.on, b.since = true, now
	}
	return b.on != was
}

// ease is judge without what failed within an interval, which may be long ago: the brake may be let go, and not be put on.
func (b *brake) ease(down, of int, now time.Time) (changed bool) {
	was := b.on
	if !b.over(down, of) {
		b.on, b.real, b.anew = false, false, false
		if was {
			b.until = now.Add(b.spell)
		}
	}
	return b.on != was
}

func (b *brake) why(down, of int, what string) string {
	return fmt.Sprintf("%d of %d %s fail, more than %d %% within one interval: weights are left as they are", down, of, what, b.limit)
}

// Failing is what fails here beyond the limits.
func (p *Pools) Failing() spec.Failing {
	var out spec.Failing
	if p.all.over(p.down, len(p.checks)) {
		out.Checks = (p.down*100 + len(p.checks) - 1) / len(p.checks) // rounded up: over the limit it is over the limit
	}
	// Those whose brake is on come first: their evidence is waited for.
	for _, on := range []bool{true, false} {
		for i := range p.services {
			if s := &p.services[i]; s.brake.on == on && s.brake.over(s.down, len(s.members)) && len(out.Services) < spec.MostFailing {
				out.Services = append(out.Services, s.key)
			}
		}
	}
	slices.SortFunc(out.Services, spec.ServiceKey.Compare)
	return out
}

// Braked says whether any brake is on.
func (p *Pools) Braked() bool {
	return p.all.on || slices.ContainsFunc(p.services, func(s service) bool { return s.brake.on })
}

// Hear takes what fails on another director. Where the same fails there, it is not this director's own network, and the failures are
// believed. It returns the services of which something else is asked now, in order.
func (p *Pools) Hear(other spec.Failing, now time.Time) []spec.ServiceKey {
	members := map[int]bool{}
	if p.all.on && other.Checks > int(p.all.limit) {
		p.believe(nil, &p.all)
		for i := range p.members {
			if p.members[i].held {
				members[i] = true
			}
		}
	}
	for i := range p.services {
		s := &p.services[i]
		if _, there := slices.BinarySearchFunc(other.Services, s.key, spec.ServiceKey.Compare); s.brake.on && there {
			p.believe(s.key, &s.brake)
			members[s.members[0]] = true
		}
	}
	if len(members) == 0 {
		return nil
	}
	return p.decide(members, now)
}

func (p *Pools) believe(k spec.Key, b *brake) {
	b.on, b.real, b.anew, b.until = false, true, false, time.Time{}
	p.news = append(p.news, News{Key: k, What: "brake", State: "off", Why: "another director sees the same failures"})
}
