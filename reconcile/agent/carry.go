package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// carry makes the kernel hold a new commit. Nothing is read before if live is known since the last read; reading it back follows.
func (a *Agent) carry(ctx context.Context, c candidate) {
	if !a.knows(ctx, &c) {
		a.failed()
		return
	}
	if a.overtaken(c) || a.frozen(c) || a.waved(c) {
		a.withdraw()
		return
	}
	a.enter(spec.Planning, "plan "+c.commit.Short())
	p := reconcile.NewPlan(reconcile.PlanInput{
		Director: a.cfg.Director, Commit: c.commit, Want: c.want, Holds: c.holds, Prior: a.states.Prior(), Live: a.states.Live(), Owned: a.held.Owned,
		Bridged: reconcile.Bridged(c.view, a.facts()), Drains: a.held.Drains,
		Drift: reconcile.DriftPolicy{View: c.view, Repaired: a.repairs, Now: time.Now()},
	})
	all := p.Held
	if p = a.gate(p, c.commit, &c.view, c.branch); a.backlog > 0 && p.Changes() == 0 {
		a.await(c, p.Held[len(all):])
		return
	}
	on := a.turnTo(ctx, c, p)
	claimed := a.held.Owned.Claim(c.want)
	if err := a.begin(c, p, claimed, on); err != nil {
		a.failed()
		return
	}
	// From here on what the kernel gets is ours, whatever becomes of the plan.
	a.held.Owned = claimed
	out := a.execute(ctx, p)
	if errors.Is(out.Err, errStopped) {
		a.undone = true
		return
	}
	a.adopt(c, out)
	a.proving(c.commit, on)
	a.keep()
	a.conclude(c, p, out)
	if p.Changes() > 0 {
		a.verify(ctx, out)
	} else {
		a.drifted(p)
		a.settled()
	}
}

// knows reads the kernel where it is not known, and renders the candidate anew: which syncid is right depends on what runs.
func (a *Agent) knows(ctx context.Context, c *candidate) bool {
	if a.known {
		return true
	}
	if a.observe(ctx, reconcile.Full) != nil {
		return false
	}
	a.rendering(c)
	return true
}

// turnTo takes the turn for a commit of the branch that changes something, and begins its trial. One that only begins checks is tried
// too: they may take real servers out. One that changes nothing more goes on with the trial of the commit before: what that one changed
// is still to be proven.
func (a *Agent) turnTo(ctx context.Context, c candidate, p spec.Plan) *trial {
	checked := c.pools.Begins(a.pools)
	if !c.branch || p.Changes() == 0 && len(checked) == 0 && a.held.Trial == nil {
		return nil
	}
	a.parts.Exchange.Trust(append(a.views(), c.view)...)
	on := a.try(ctx, c.commit, &c.view, p, checked)
	a.take(c.commit.ID)
	return on
}

// begin makes the intent durable. A plan without changes needs none: the kernel is not touched.
func (a *Agent) begin(c candidate, p spec.Plan, claimed reconcile.Owned, on *trial) error {
	recs := c.back.records()
	if p.Changes() == 0 {
		return a.record(append(recs, of(c.commit, journal.Record{Event: journal.Planned, Actor: c.actor, Plan: p.Digest.String()}))...)
	}
	if err := a.store.intend(intent{Serial: a.saved + 1, Commit: c.commit, Plan: p.Digest, Owned: claimed, Boot: a.cfg.Boot, Trial: on}); err != nil {
		a.disk = problem(a.disk, "write intent", err)
		return err
	}
	return a.record(append(recs, a.planRecords(c.commit, c.actor, p)...)...)
}

// adopt takes the commit as what the director holds, also when some changes failed: these are tried again until a newer commit comes.
func (a *Agent) adopt(c candidate, out reconcile.Outcome) {
	h := &a.held
	h.Commit, h.At, h.Whole, h.View = c.commit, time.Now(), out.Whole() && a.backlog == 0, &c.view
	h.Owned, h.Late = h.Owned.Keep(a.states.Live()), a.backlog > 0
	if c.branch {
		h.HighWater, h.Reverted = c.commit.ID, nil
	}
	if r := h.Reverted; r != nil && r.Commit.ID == c.commit.ID {
		h.Reverted = nil // an operator pinned it all the same
	}
	c.back.note(&h.marks)
	a.made(c.want, out)
	a.states.Wants(&c.want)
	a.holds, a.roles, a.basis, a.advice = c.holds, c.roles, c.basis, c.advice
	a.pending, a.awaited = nil, nil
	a.overridden = overrideStatus(&c.want, &c.view)
	a.hold(c.want)
	a.pooled(c.pools)
	_, a.shifted = c.pools.Facts()
	a.parts.VRRP.Tell(c.view)
	a.parts.Exchange.Trust(c.view)
	a.refusal = nil
}

// proving puts what was applied on trial, or takes it as proven.
func (a *Agent) proving(c spec.Commit, on *trial) {
	a.held.Trial = on
	if on != nil {
		a.show()
		a.agenda[proof] = on.Until
		return
	}
	a.turn = spec.Turn{}
	if a.backlog == 0 {
		a.held.Confirmed, a.held.ConfirmedAt, a.held.Proven = c.ID, time.Now(), c
	}
}

// made updates prior: what was wanted and is done differs from now on only by drift, what failed is still the commit's.
func (a *Agent) made(want spec.State, out reconcile.Outcome) {
	switch {
	case out.Whole() && a.backlog == 0:
		a.states.Made(&want)
	case a.states.Prior() != nil:
		prior := reconcile.Shifted(*a.states.Prior(), want, out.Done)
		if a.backlog == 0 {
			prior.Declared = want.AsDeclared() // nothing of it waits, whatever failed
		}
		a.states.Made(&prior)
	}
}

// keep writes held; until it could be written, the retry does.
func (a *Agent) keep() {
	a.held.Serial = a.saved + 1
	a.held.Journal.Seq, a.held.Journal.Hash = a.journal.Head()
	if err := a.store.save(a.held); err != nil {
		a.dirty = true
		a.disk = problem(a.disk, "write last known good", err)
		a.failed()
		return
	}
	a.saved, a.dirty, a.disk = a.held.Serial, false, nil
}

// conclude journals what came of a commit.
func (a *Agent) conclude(c candidate, p spec.Plan, out reconcile.Outcome) {
	r := of(c.commit, journal.Record{Event: c.outcome, Actor: c.actor, Plan: p.Digest.String(), Changes: len(out.Done), Result: "ok"})
	if !out.Whole() {
		r.Event, r.Result = journal.Failed, failureText(out)
	} else {
		a.applied = &spec.CommitAt{Commit: c.commit, At: a.held.At}
	}
	_ = a.record(append(excuses(c), r)...)
}

// excuses are the rules that a commit breaks, and who said that it may.
func excuses(c candidate) []journal.Record {
	var out []journal.Record
	for _, o := range c.excused {
		r := of(c.commit, journal.Record{Event: journal.RuleOverridden, Actor: c.actor, Kind: "rule", Key: o.Rule, Detail: o.Reason})
		r.Author = o.Author
		out = append(out, r)
	}
	return out
}

func failureText(out reconcile.Outcome) string {
	s := fmt.Sprintf("%d changes failed, %d were skipped", len(out.Failed), len(out.Skipped))
	if out.Err != nil {
		s += ": " + out.Err.Error()
	}
	return s
}

// applyWithin bounds the carrying out of one plan; the first load of a large fleet takes a few seconds.
const applyWithin = time.Minute

// errStopped ends a plan between two steps, as the agent ends. The intent stands, and the next start goes on.
var errStopped = errors.New("the agent was stopped")

// execute carries out a plan. A step that runs is ended even when the agent is told to stop.
func (a *Agent) execute(ctx context.Context, p spec.Plan) reconcile.Outcome {
	if p.Changes() == 0 {
		return reconcile.Outcome{}
	}
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyWithin)
	defer cancel()
	a.known = false
	out := reconcile.Execute(whole, a.parts.Target, p, func(e reconcile.StepEvent) error {
		if e.Moment == reconcile.After {
			// The intent is durable, so the plan goes on even when the journal does not.
			_ = a.record(a.stepRecords(p, e)...)
			return nil
		}
		if ctx.Err() != nil {
			return errStopped
		}
		a.enter(spec.Applying, fmt.Sprintf("apply step %d/%d, %s", e.Index+1, len(p.Steps), e.Step.Phase))
		return nil
	})
	a.states.Holds(reconcile.Advance(a.states.Live(), out.Done))
	a.began(out.Done)
	// What was refused may still have been half made; then only a read tells.
	a.known = out.Whole()
	s := p.Summary(time.Now())
	s.Done, s.Failed = len(out.Done), len(out.Failed)+len(out.Skipped)
	a.plan = &s
	return out
}
