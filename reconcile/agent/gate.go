package agent

import (
	"context"
	"errors"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// gate leaves of a plan what may be done now, and wishes for the turn where something could be done in it. What an operator asks for
// on the spot, and the first commit of all, wait for nobody.
func (a *Agent) gate(p spec.Plan, commit spec.Commit, view *spec.View, branch bool) spec.Plan {
	facts := a.facts()
	a.backlog, a.still, a.awaited, a.begins = 0, nil, nil, true
	if !branch || a.held.View == nil || len(facts.Peers) == 0 {
		return p
	}
	if a.turn.Taken {
		a.turn.Commit = commit.ID // a newer commit in the same turn
	}
	in := reconcile.GateInput{View: *view, Commit: commit.ID, Rendering: a.renderingOf(commit.ID, view), Facts: facts, Turn: a.turn}
	g := reconcile.Gate(p, in)
	if a.wish(g.Ready, commit.ID) {
		a.tell() // the others have to know before they can agree
	}
	a.awaited, a.still, a.begins = g.Plan.Held[len(p.Held):], g.Waiting, g.Begins
	a.backlog = len(a.awaited)
	for _, h := range g.Plan.Held {
		if !h.Until.IsZero() {
			a.agenda.sooner(expire, h.Until)
		}
	}
	return g.Plan
}

// wish begins or ends the wish for a turn, and says whether it is a new one.
func (a *Agent) wish(ready bool, commit string) bool {
	switch {
	case a.turn.Taken:
	case !ready:
		a.turn = spec.Turn{}
	case a.turn.Commit != commit:
		// By the clock, so that a wish of a process before this one is not taken for it.
		a.wishes = max(a.wishes+1, uint64(time.Now().UnixNano()))
		a.turn = spec.Turn{Commit: commit, Rank: reconcile.Rank(a.parts.VRRP.Roles()), Serial: a.wishes}
		return true
	}
	return false
}

// take makes it this director's turn, where what is about to be done needs one. Everybody knows before the kernel is touched.
func (a *Agent) take(commit string) {
	if len(a.mates()) == 0 || !a.begins {
		return
	}
	a.turn.Commit, a.turn.Taken = commit, true
	a.tell()
}

// await keeps a commit that was accepted until it may be applied. Meanwhile the one before is held, and its drift put right.
func (a *Agent) await(c candidate, why []spec.Hold) {
	if a.pending == nil || a.pending.commit.ID != c.commit.ID {
		a.pendingSince = time.Now()
	}
	a.pending, a.awaited = &c, why
	a.parts.Exchange.Trust(a.views()...)
}

// views are those whose directors take part: of the commit that is held, and of the one that waits.
func (a *Agent) views() []spec.View {
	var out []spec.View
	if a.held.View != nil {
		out = append(out, *a.held.View)
	}
	if a.pending != nil {
		out = append(out, a.pending.view)
	}
	return out
}

// frozen holds a commit of the branch while a freeze of what is held, or of the commit itself, is on: a commit cannot lift the freeze
// that forbids it.
func (a *Agent) frozen(c candidate) bool {
	if !c.branch || a.held.View == nil {
		return false
	}
	for _, v := range []spec.View{*a.held.View, c.view} {
		if why, until, ok := reconcile.Frozen(v, time.Now()); ok {
			a.agenda.sooner(expire, until)
			a.await(c, []spec.Hold{{Why: why, Until: until}})
			return true
		}
	}
	return false
}

// waved holds a commit of the branch until the wave before has confirmed it.
func (a *Agent) waved(c candidate) bool {
	if !c.branch || a.held.View == nil {
		return false
	}
	if len(c.view.Earlier) > 0 {
		a.parts.Exchange.Trust(append(a.views(), c.view)...) // else they are not asked
	}
	facts := a.facts()
	_, facts.Earlier = reconcile.Apart(a.parts.Exchange.Facts(), c.view)
	why, until, waits := reconcile.Waved(c.view, c.commit.ID, facts)
	if waits {
		if !until.IsZero() {
			a.agenda.sooner(expire, until)
		}
		a.await(c, []spec.Hold{{Why: why, Until: until}})
	}
	return waits
}

// goOn goes on with the commit that waits, as the facts of now have it.
func (a *Agent) goOn(ctx context.Context, goal spec.Commit, branch bool) bool {
	if a.pending == nil || a.pending.commit.ID != goal.ID || a.pending.branch != branch {
		a.pending, a.awaited = nil, nil
		return false
	}
	c := *a.pending
	a.rendering(&c)
	a.carry(ctx, c)
	return true
}

// proceed stops waiting for directors that do not answer, for the commit that waits.
func (a *Agent) proceed(ctx context.Context, c spec.Command) error {
	goal, ok := a.goal()
	if !ok || a.pending == nil && a.backlog == 0 {
		return errors.New("no commit waits for another director")
	}
	if err := a.account(of(goal, journal.Record{Event: journal.Proceeded, Actor: actorOf(c.Actor), Detail: c.Reason})); err != nil {
		return err
	}
	a.held.Released = goal.ID
	err := a.mark("released, but a restart would forget it")
	a.exchanged(ctx)
	return err
}
