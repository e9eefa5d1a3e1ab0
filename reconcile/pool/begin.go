package pool

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Run says that all checks are run from now on.
func (p *Pools) Run(now time.Time) {
	for i := range p.checks {
		if c := &p.checks[i]; c.began.IsZero() {
			c.began = now
		}
	}
}

// lateness is what a verdict may take longer than its probes: ticks, and a host with much to do.
const lateness = time.Second

// Unjudged are the checks that began at a moment or later and have no verdict yet.
func (p *Pools) Unjudged(since time.Time) spec.Unjudged {
	var first []spec.Check // in order: to sort all of a large fleet would take what many verdicts do
	var out spec.Unjudged
	for i := range p.checks {
		c := &p.checks[i]
		if c.verdict.State != spec.CheckUnknown || c.began.IsZero() || c.began.Before(since) {
			continue
		}
		out.Checks++
		takes := c.check.FirstVerdict()
		out.Takes = max(out.Takes, takes)
		if by := c.began.Add(takes + lateness); by.After(out.By) {
			out.By = by
		}
		if at, _ := slices.BinarySearchFunc(first, c.check, spec.Check.Compare); at < spec.MostUnjudged {
			first = slices.Insert(first, at, c.check)
			first = first[:min(len(first), spec.MostUnjudged)]
		}
	}
	for _, c := range first {
		out.Some = append(out.Some, c.String())
	}
	return out
}

// Begins are the services with a check that an earlier Pools does not have, in order; none where nothing is known of one.
func (p *Pools) Begins(was *Pools) []spec.ServiceKey {
	if was == nil {
		return nil
	}
	var out []spec.ServiceKey
	for i := range p.services {
		s := &p.services[i]
		if slices.ContainsFunc(s.members, func(m int) bool {
			return slices.ContainsFunc(p.members[m].checks, func(c int) bool {
				_, had := was.byCheck[p.checks[c].check]
				return !had
			})
		}) {
			out = append(out, s.key)
		}
	}
	slices.SortFunc(out, spec.ServiceKey.Compare)
	return out
}
