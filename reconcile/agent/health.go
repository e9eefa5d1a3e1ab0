package agent

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

// Health runs the checks of real servers, as *health.Runner is one. Its methods may be called at any time.
type Health interface {
	// Set says which checks are run from now on, once for each real server that has one, and how those begin that are not run yet.
	Set(checks []spec.Check, states map[spec.Check]spec.CheckState)
	Changed() <-chan struct{}
	// News are the verdicts that changed since the last call, each check's newest.
	News() []spec.Verdict
	Counts() spec.CheckCounts
}

// judged takes what the checks came to, and has the kernel hold it at once: no commit is needed for that, and no read.
func (a *Agent) judged(ctx context.Context) {
	news := a.parts.Health.News()
	if a.pools == nil {
		return
	}
	a.stale = a.stale || len(news) > 0 // who is judged for the first time may stay as it is
	a.shift(ctx, a.pools.Judge(news, time.Now()))
	a.believe(ctx)
}

// believe asks what the other directors see where so many fail here that it may be this director's own network.
func (a *Agent) believe(ctx context.Context) {
	if a.pools == nil || !a.pools.Braked() {
		return
	}
	mates := a.mates()
	for _, name := range sortedNames(mates) {
		if p := mates[name]; p.Answers() {
			a.shift(ctx, a.pools.Hear(p.Report.Failing, time.Now()))
		}
	}
}

// rise lets the weights rise of real servers that came back.
func (a *Agent) rise(ctx context.Context) {
	if a.pools != nil {
		a.shift(ctx, a.pools.Tick(time.Now()))
	}
}

// shift has the kernel hold what the pools ask of some services now. What is not known, or cannot be done now, the next look does.
func (a *Agent) shift(ctx context.Context, services []spec.ServiceKey) {
	a.stale = a.stale || len(services) > 0
	defer a.chronicle()
	a.rises()
	if len(services) == 0 || !a.states.Wanting() || a.held.View == nil {
		return
	}
	facts := a.facts()
	if a.outdated(facts) {
		return // an override ended: all is rendered anew by the look that it has
	}
	part := a.states.Portion(services)
	want := reconcile.Reweigh(*part.Want, services, facts)
	a.shifted = facts.Shift
	if a.held.Suspension != nil || !a.known {
		a.states.Put(services, reconcile.Portion{Want: &want, Prior: part.Prior, Live: part.Live})
		return
	}
	p := reconcile.Shift(reconcile.PlanInput{
		Director: a.cfg.Director, Commit: a.held.Commit, Want: want, Holds: a.holds, Prior: part.Prior, Live: part.Live, Owned: a.held.Owned, Drift: a.rules(),
		Drains: a.held.Drains,
	})
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyWithin)
	defer cancel()
	out := reconcile.Execute(whole, a.parts.Target, p, func(reconcile.StepEvent) error { return nil })
	a.states.Put(services, part.After(want, out))
	if !out.Whole() {
		a.known = false
		a.missing(p, out)
		a.failed()
	}
}

// assess looks at what was just read: it says how real servers are of which nothing is known yet, and which drains still matter.
func (a *Agent) assess() {
	if a.held.View == nil || !a.states.Wanting() {
		return
	}
	if a.pools == nil {
		a.findPools()
	}
	a.clear()
	if standing := reconcile.Standing(a.held.Drains, *a.states.Want(), a.states.Live()); len(standing) < len(a.held.Drains) {
		a.held.Drains = standing
		a.keep()
	}
	if len(a.held.Drains) > 0 {
		a.agenda.sooner(draining, time.Now().Add(countEvery))
	}
}

// findPools has the pools be as the kernel has them. What differs from git for that is theirs, and no drift.
func (a *Agent) findPools() {
	facts := a.facts()
	p := pool.New(*a.held.View, nil, a.states.Live(), facts.Now, facts.Overrides...)
	p.Resume(a.held.Brakes)
	a.pooled(p)
	if prior := a.states.Prior(); prior != nil {
		facts.Pools, _ = a.pools.Facts()
		made := reconcile.Reweigh(*prior, slices.SortedFunc(maps.Keys(facts.Pools), spec.ServiceKey.Compare), facts)
		a.states.Made(&made)
	}
}

// pooled has the checks of pools run from now on.
func (a *Agent) pooled(p *pool.Pools) {
	a.pools = p
	p.Run(time.Now())
	a.probe(p.Checks())
	a.show()
	a.rises()
}

// rises puts on the agenda when the next weight rises.
func (a *Agent) rises() {
	if at, ok := a.pools.Due(time.Now()); ok {
		a.agenda[rising] = at
	}
}

// unchecked runs no checks.
type unchecked struct{}

func (unchecked) Set([]spec.Check, map[spec.Check]spec.CheckState) {}
func (unchecked) Changed() <-chan struct{}                         { return nil }
func (unchecked) News() []spec.Verdict                             { return nil }
func (unchecked) Counts() spec.CheckCounts                         { return spec.CheckCounts{} }
