package agent

import (
	"context"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// countEvery is the time between two counts of the connections of drains.
const countEvery = time.Second

// began notes the drains that changes began.
func (a *Agent) began(done []spec.Change) {
	drains := reconcile.Begun(a.held.Drains, done, time.Now())
	if len(drains) > 0 {
		a.held.Drains = drains
		a.agenda.sooner(draining, time.Now().Add(countEvery))
	}
}

// drain counts what is left of drains, and removes the real servers whose drain is over. Where nothing can be counted, time decides.
func (a *Agent) drain(ctx context.Context) {
	if len(a.held.Drains) == 0 {
		return
	}
	a.agenda[draining] = time.Now().Add(countEvery)
	was := a.held.Drains
	a.held.Drains = reconcile.Drained(was, a.countDrains(ctx), time.Now())
	var ended []journal.Record
	for i, d := range a.held.Drains {
		if d.Ended == "" || was[i].Ended != "" {
			continue
		}
		ended = append(ended, of(a.held.Commit, journal.Record{Event: journal.DrainEnded, Actor: self, Kind: d.Key.Kind(), Key: d.Key.String(), Result: d.Ended,
			Detail: "it took no new connections for " + time.Since(d.Since).Round(time.Second).String()}))
	}
	if len(ended) > 0 {
		_ = a.record(ended...)
		a.keep()
		a.look(ctx, false)
	}
}

// countDrains counts the connections of the services that have drains; nil where that cannot be done.
func (a *Agent) countDrains(ctx context.Context) *spec.Stats {
	if a.parts.Stats == nil {
		return nil
	}
	var services []spec.ServiceKey
	for _, d := range a.held.Drains {
		services = append(services, d.Key.Service) // by key, so alike ones stand together
	}
	within, cancel := context.WithTimeout(ctx, observeWithin)
	defer cancel()
	counted, err := a.parts.Stats(within, slices.Compact(services)...)
	if err != nil {
		a.kernel = problem(a.kernel, "count connections of drains", err)
		return nil
	}
	return &counted
}
