package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// pinTo holds the commit that an operator names; it needs no git but the mirror on disk. The pin is durable before the kernel is
// touched, so that a restart in between goes on towards it.
func (a *Agent) pinTo(ctx context.Context, cmd spec.Command) (spec.CommandResult, error) {
	commit, err := a.target(cmd)
	if err != nil {
		return spec.CommandResult{}, err
	}
	c, refusal, err := a.judge(commit, actorOf(cmd.Actor))
	if err != nil {
		return spec.CommandResult{}, fmt.Errorf("read commit %s: %w", commit.Short(), err)
	}
	if refusal != nil {
		_ = a.record(of(commit, journal.Record{Event: journal.Refused, Actor: actorOf(cmd.Actor), Result: refusal.Reason, Diagnostics: diagnosticsText(refusal.Diagnostics)}))
		return spec.CommandResult{Commit: &commit, Refusal: refusal}, nil
	}
	c.actor = actorOf(cmd.Actor)
	p := a.newPin(commit, cmd)
	if err := a.account(of(commit, journal.Record{Event: journal.Pinned, Actor: c.actor, Detail: withEnd(cmd.Reason, p.Pin.Until)})); err != nil {
		return spec.CommandResult{}, err
	}
	a.moveMark(commit)
	a.held.Pin, a.refusal, a.pending, a.held.Trial, a.turn = p, nil, nil, nil, spec.Turn{}
	if err := a.mark(pinnedOnly(p.Pin, a.held.Commit)); err != nil {
		return spec.CommandResult{}, err
	}
	out := spec.CommandResult{Commit: &commit}
	if commit.ID == a.held.Commit.ID {
		return out, nil
	}
	if p.Pin.Rollback {
		c.outcome = journal.RolledBack
	}
	was := a.plan
	a.carry(ctx, c)
	if a.plan != was {
		out.Plan = a.plan
	}
	return out, nil
}

// pinnedOnly is what a pin means that could not be written: nothing is applied then.
func pinnedOnly(p spec.Pin, live spec.Commit) string {
	if p.Commit.ID == live.ID {
		return "pinned to " + p.Commit.Short() + ", which is applied, but a restart would forget the pin (lbsync unpin takes it back)"
	}
	return "pinned to " + p.Commit.Short() + ", but NOT applied: " + orNothing(live.ID) + " stays in the kernel, and a restart would forget the pin (lbsync unpin takes it back)"
}

// preview judges the commit that an operator names as pinTo does, and does no more.
func (a *Agent) preview(cmd spec.Command) (spec.CommandResult, error) {
	commit, err := a.target(cmd)
	if err != nil {
		return spec.CommandResult{}, err
	}
	c, refusal, err := a.accept(commit, judging{operator: actorOf(cmd.Actor)})
	if err != nil {
		return spec.CommandResult{}, fmt.Errorf("read commit %s: %w", commit.Short(), err)
	}
	out := spec.CommandResult{Commit: &commit, Refusal: refusal}
	if refusal == nil {
		if out.View, err = c.view.Encode(); err != nil {
			return spec.CommandResult{}, fmt.Errorf("encode commit %s: %w", commit.Short(), err)
		}
	}
	return out, nil
}

// target is the commit of a rollback or a pin.
func (a *Agent) target(cmd spec.Command) (spec.Commit, error) {
	if s := a.held.Suspension; s != nil {
		return spec.Commit{}, fmt.Errorf("suspended by %s: nothing is applied until lbsync resume", s.Actor)
	}
	found, err := a.parts.Source.Resolve(cmd.Rev)
	if err != nil {
		return spec.Commit{}, err
	}
	c := commitOf(found)
	if cmd.Verb == spec.Rollback && a.held.View == nil {
		return c, errors.New("nothing was applied yet that could be rolled back: use lbsync pin")
	}
	if cmd.Verb == spec.Rollback && c.ID == a.held.Commit.ID {
		return c, fmt.Errorf("%s is what is applied now: name the commit to go back to", c.Short())
	}
	return c, nil
}

// newPin is the pin that a command asks for. A second rollback still waits for the branch to differ from what the first one left.
func (a *Agent) newPin(c spec.Commit, cmd spec.Command) *pin {
	p := &pin{Pin: spec.Pin{
		Commit: c, Rollback: cmd.Verb == spec.Rollback, Actor: cmd.Actor, Reason: cmd.Reason, At: time.Now(), Until: until(cmd.For),
	}}
	if !p.Pin.Rollback {
		return p
	}
	if was := a.held.Pin; was != nil && was.Pin.Rollback {
		p.Pin.Left, p.Quarantine, p.Tip = was.Pin.Left, was.Quarantine, was.Tip
		return p
	}
	p.Pin.Left, p.Quarantine = a.held.Commit.ID, rendering(*a.held.View)
	if a.tip != nil {
		p.Tip = a.tip.ID
	}
	return p
}

// moveMark accepts a history that was rewritten: the operator pins a commit of the branch as it is now, which the old mark is not
// part of, or that of another director for whose sake it was refused. In any other case the mark stays, so that a rollback opens no way to rewind the branch.
func (a *Agent) moveMark(c spec.Commit) {
	if a.tip == nil {
		return
	}
	kept, err := true, error(nil)
	if a.held.HighWater != "" {
		kept, err = a.parts.Source.IsAncestor(a.held.HighWater, a.tip.ID)
	}
	if by := a.contradicted; by.refusal != nil && by.refusal == a.refusal {
		kept = false // the own mark is lost or old
	}
	on, onErr := a.parts.Source.IsAncestor(c.ID, a.tip.ID)
	if err == nil && onErr == nil && !kept && on {
		a.held.HighWater = c.ID
	}
}

// unpin follows the branch again.
func (a *Agent) unpin(actor, why string) error {
	p := a.held.Pin
	if p == nil {
		return errors.New("nothing is pinned")
	}
	if err := a.account(of(p.Pin.Commit, journal.Record{Event: journal.Unpinned, Actor: actor, Detail: why})); err != nil {
		return err
	}
	a.held.Pin, a.examined, a.refusal = nil, "", nil
	return a.mark("no longer pinned, but " + orNothing(a.held.Commit.ID) + " stays in the kernel, and a restart would pin again")
}
