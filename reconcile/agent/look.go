package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// observeWithin bounds one read of the kernel.
const observeWithin = 30 * time.Second

// observe reads the kernel. After an error nothing is planned: what was not seen would be taken for missing.
func (a *Agent) observe(ctx context.Context, d reconcile.Depth) error {
	a.enter(spec.Observing, "read kernel")
	within, cancel := context.WithTimeout(ctx, observeWithin)
	defer cancel()
	live, err := a.parts.Target.Observe(within, d)
	if err != nil {
		a.known = false
		a.kernel = problem(a.kernel, "read kernel", err)
		return err
	}
	if d == reconcile.Full {
		a.read = time.Now()
	}
	a.states.Holds(live)
	a.known, a.kernel, a.looked = true, nil, time.Now()
	a.receiver.see(a.cfg.Run, live.Daemons)
	if a.parts.Sources != nil {
		a.sources = a.parts.Sources()
	}
	a.assess()
	a.turned()
	a.found()
	return nil
}

// found takes what was read for what was made of a commit that is held, where nothing is known of that: after a first commit some of
// which failed, or a restart in such a time.
func (a *Agent) found() {
	if a.held.View != nil && a.states.Prior() == nil {
		prior := reconcile.Found(*a.states.Want(), a.states.Live(), a.held.Owned, a.held.Late)
		a.states.Made(&prior)
	}
}

// look reads the kernel and puts right what differs from what is held. What failed before waits for its retry, unless this is it.
func (a *Agent) look(ctx context.Context, isRetry bool) {
	depth := reconcile.Fast
	if isRetry || time.Since(a.read)+a.cfg.Look > a.cfg.Resync {
		depth = reconcile.Full
	}
	if a.observe(ctx, depth) != nil {
		a.failed()
		return
	}
	a.rebooted(ctx)
	a.compare(ctx, isRetry)
}

// compare puts right what was read.
func (a *Agent) compare(ctx context.Context, isRetry bool) {
	if !a.states.Wanting() {
		return
	}
	p := a.difference()
	fresh := a.drifted(p)
	switch {
	case p.Changes() == 0:
		_ = a.record(a.driftRecords(fresh)...)
		a.settled()
	case a.held.Suspension != nil || !isRetry && p.Digest == a.stuck || !a.agrees(ctx, p):
		_ = a.record(a.driftRecords(fresh)...)
	default:
		a.repair(ctx, p, fresh)
	}
}

// difference is the plan from live to what is held.
func (a *Agent) difference() spec.Plan {
	a.enter(spec.Planning, "compare live and wanted")
	p := reconcile.NewPlan(reconcile.PlanInput{
		Director: a.cfg.Director, Commit: a.held.Commit, Want: *a.states.Want(), Holds: a.holds, Prior: a.states.Prior(), Live: a.states.Live(), Owned: a.held.Owned,
		Drift: a.rules(), Bridged: reconcile.Bridged(*a.held.View, a.facts()), Drains: a.held.Drains,
	})
	if a.pending != nil {
		return a.followed(p)
	}
	return a.gate(p, a.held.Commit, a.held.View, a.partly())
}

// followed leaves out of a plan what is left of the commit that is held: a newer one waits.
func (a *Agent) followed(p spec.Plan) spec.Plan {
	if !a.partly() {
		return p
	}
	g := reconcile.Gate(p, reconcile.GateInput{View: *a.held.View, Commit: a.held.Commit.ID, Facts: a.facts(), Followed: true})
	a.backlog = max(a.backlog, len(g.Plan.Held)-len(p.Held))
	return g.Plan
}

// partly says whether some of the commit that is held had to wait.
func (a *Agent) partly() bool {
	return a.held.Late && a.held.Pin == nil
}

// goesOn puts the rest of a commit on trial like its beginning.
func (a *Agent) goesOn(ctx context.Context, p spec.Plan) {
	if !a.partly() || !slices.ContainsFunc(p.Steps, func(s spec.Step) bool {
		return slices.ContainsFunc(s.Changes, func(c spec.Change) bool { return c.Reason != spec.ByDrift && !c.Reason.ByFacts() })
	}) {
		return
	}
	on := a.try(ctx, a.held.Commit, a.held.View, p, nil)
	if on == nil {
		return
	}
	a.take(a.held.Commit.ID)
	a.held.Trial, a.held.Confirmed = on, ""
	a.agenda[proof] = on.Until
	a.show()
	a.keep()
}

// repair carries out a plan for the commit that is held already. It goes on when the journal cannot be written: see the package
// comment. All that it may add is wanted, so ownership needs no intent.
func (a *Agent) repair(ctx context.Context, p spec.Plan, fresh []spec.Change) {
	_ = a.record(append(a.driftRecords(fresh), a.planRecords(a.held.Commit, self, p)...)...)
	a.held.Owned = a.held.Owned.Claim(*a.states.Want())
	a.goesOn(ctx, p)
	out := a.execute(ctx, p)
	if errors.Is(out.Err, errStopped) {
		return
	}
	for _, c := range out.Done {
		if c.Reason == spec.ByDrift {
			a.repaired++
		}
	}
	a.made(*a.states.Want(), out)
	r := of(a.held.Commit, journal.Record{Event: journal.Applied, Actor: self, Plan: p.Digest.String(), Changes: len(out.Done), Result: "ok"})
	if !out.Whole() {
		r.Event, r.Result = journal.Failed, failureText(out)
	}
	_ = a.record(r)
	a.verify(ctx, out)
}

// verify reads back what was written. What still differs failed, also where the kernel said nothing; it is tried again.
func (a *Agent) verify(ctx context.Context, out reconcile.Outcome) {
	a.enter(spec.Verifying, "read back")
	if a.observe(ctx, reconcile.Fast) != nil {
		a.failed()
		return
	}
	p := a.difference()
	a.repairs.Note(kept(out.Done, p), time.Now())
	a.drifted(p)
	if p.Changes() == 0 {
		a.settled()
		return
	}
	a.missing(p, out)
	a.stuck = p.Digest
	a.failed()
}

// settled notes that the kernel holds what it should.
func (a *Agent) settled() {
	a.stuck, a.failures, a.failingSince = spec.Digest{}, nil, nil
	if a.backlog == 0 {
		a.states.Made(a.states.Want()) // what a new role asks for the engine may have done already
	}
	if (!a.held.Whole || a.held.Late) && a.backlog == 0 {
		a.held.Whole, a.held.Late = true, false
		a.applied = &spec.CommitAt{Commit: a.held.Commit, At: time.Now()}
		a.keep()
	}
	if !a.owes() {
		a.attempts, a.agenda[retry] = 0, time.Time{}
	}
}
