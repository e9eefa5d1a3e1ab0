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

var errEnded = errors.New("the agent is stopping")

// within runs f in the loop and waits for it. When ctx ends first, f may still run: nothing of it may be read then.
func (a *Agent) within(ctx context.Context, f func(context.Context)) error {
	done := make(chan struct{})
	select {
	case a.asks <- func(loop context.Context) { f(loop); close(done) }:
	case <-a.ended:
		return errEnded
	case <-ctx.Done():
		return fmt.Errorf("wait for the agent: %w", ctx.Err())
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the agent: %w; it goes on with what was asked", ctx.Err())
	case <-a.ended:
	}
	// Both may have happened by now.
	select {
	case <-done:
		return nil
	default:
		return errEnded
	}
}

// Snapshot reads the kernel now.
func (a *Agent) Snapshot(ctx context.Context) (spec.Snapshot, error) {
	var out spec.Snapshot
	var failed error
	if err := a.within(ctx, func(loop context.Context) { out, failed = a.snapshot(loop) }); err != nil {
		return spec.Snapshot{}, err
	}
	return out, failed
}

func (a *Agent) snapshot(ctx context.Context) (spec.Snapshot, error) {
	if err := a.observe(ctx, reconcile.Full); err != nil {
		return spec.Snapshot{}, err
	}
	owned, err := a.held.Owned.MarshalText()
	if err != nil {
		return spec.Snapshot{}, fmt.Errorf("encode owned objects: %w", err)
	}
	s := spec.Snapshot{Version: spec.DocumentVersion, Director: a.cfg.Director, Taken: a.read, Owned: owned, Live: a.states.Live(), Prior: a.states.Prior()}
	s.Roles, s.Overrides = a.roles, a.overrides()
	if a.held.View != nil {
		asked := a.facts()
		s.Bridged = reconcile.Bridged(*a.held.View, asked)
		s.Pools, s.Drains = spec.PoolsOf(asked.Pools), asked.Drains
		s.Applied, s.Paths = &a.held.Commit, a.held.View.Paths()
	}
	if a.states.Prior() != nil {
		s.Configured = a.states.Prior().Affected()
	}
	facts := a.hostFacts()
	s.Facts = &facts
	return s, nil
}

// Do carries out an operator's command and waits for what comes of it. The error is a command that does not fit the agent's state, or
// could not be made durable.
func (a *Agent) Do(ctx context.Context, c spec.Command) (spec.CommandResult, error) {
	if err := c.Check(); err != nil {
		return spec.CommandResult{}, err
	}
	var covered map[string]spec.Coverage
	last := func(context.Context) {}
	switch {
	case c.Verb == spec.Refresh:
		return a.refresh(ctx)
	case c.Verb == spec.SyncNow:
		return a.syncNow(ctx)
	case c.Verb == spec.Handover && !c.DryRun && !c.Now:
		var err error
		if covered, err = a.warmFor(ctx, c.Instance); err != nil {
			return spec.CommandResult{}, err
		}
		last = a.parting(ctx)
	}
	var out spec.CommandResult
	var refused error
	err := a.within(ctx, func(loop context.Context) {
		out, refused = a.command(loop, c)
		a.rest()
	})
	if err = errors.Join(err, refused); err != nil {
		return spec.CommandResult{}, err
	}
	last(ctx)
	out.Version, out.Status, out.Covered = spec.DocumentVersion, a.Status(), covered
	return out, nil
}

func (a *Agent) command(ctx context.Context, c spec.Command) (spec.CommandResult, error) {
	if c.Verb == spec.Handover {
		return a.handover(ctx, c)
	}
	if c.DryRun {
		return a.preview(c)
	}
	switch c.Verb {
	case spec.Rollback, spec.PinTo:
		return a.pinTo(ctx, c)
	case spec.Unpin:
		return a.released(ctx, func() error { return a.unpin(actorOf(c.Actor), c.Reason) })
	case spec.Suspend:
		return spec.CommandResult{}, a.suspend(c)
	case spec.OverrideSet:
		return a.overrideSet(ctx, c)
	case spec.OverrideClear:
		return a.overrideClear(ctx, c)
	case spec.Proceed:
		return spec.CommandResult{}, a.proceed(ctx, c)
	case spec.AcceptJournal:
		if c.Peer != "" {
			return spec.CommandResult{}, a.acceptPeerJournal(c)
		}
		return spec.CommandResult{}, a.acceptJournal(c)
	case spec.Resume:
		return a.released(ctx, func() error { return a.resume(actorOf(c.Actor), c.Reason) })
	}
	panic("command " + string(c.Verb) + " passed its check")
}

// released lifts a pin or a suspension, and goes on from there.
func (a *Agent) released(ctx context.Context, lift func() error) (spec.CommandResult, error) {
	if err := lift(); err != nil {
		return spec.CommandResult{}, err
	}
	was := a.plan
	a.follow(ctx)
	a.look(ctx, true)
	out := spec.CommandResult{Refusal: a.refusal}
	if a.plan != was {
		out.Plan = a.plan
	}
	return out, nil
}

func (a *Agent) suspend(c spec.Command) error {
	s := &spec.Suspension{Actor: c.Actor, Reason: c.Reason, At: time.Now(), Until: until(c.For)}
	if err := a.account(journal.Record{Event: journal.Suspended, Actor: actorOf(c.Actor), Detail: withEnd(c.Reason, s.Until)}); err != nil {
		return err
	}
	a.held.Suspension = s
	a.withdraw()
	return a.mark("suspended, but a restart would forget it")
}

func (a *Agent) resume(actor, why string) error {
	if a.held.Suspension == nil {
		return errors.New("nothing is suspended")
	}
	if err := a.account(journal.Record{Event: journal.Resumed, Actor: actor, Detail: why}); err != nil {
		return err
	}
	a.held.Suspension = nil
	return a.mark("resumed, but new commits wait, and a restart would suspend again")
}

// account records what an operator decided, before it is so.
func (a *Agent) account(r journal.Record) error {
	if err := a.record(r); err != nil {
		return fmt.Errorf("not done, nothing was changed: what cannot be recorded is not carried out: %w", err)
	}
	return nil
}

// mark makes what an operator decided durable, and sees that it ends in time. What could not be written holds while the process
// lives: so is what the operator is told then.
func (a *Agent) mark(so string) error {
	a.ends()
	a.keep()
	if a.dirty {
		return fmt.Errorf("%s, until this can be written, which is tried again: %s", so, a.disk.Error)
	}
	return nil
}

// ends puts the end of pin, suspension and overrides on the agenda. One that is over already could not be recorded, and is tried again.
func (a *Agent) ends() {
	a.agenda[expire] = time.Time{}
	for _, end := range append(a.overrideEnds(), a.suspendedUntil(), a.pinnedUntil()) {
		switch {
		case end.IsZero():
		case over(end):
			a.agenda.sooner(expire, a.later())
		default:
			a.agenda.sooner(expire, end)
		}
	}
}

func (a *Agent) suspendedUntil() time.Time {
	if s := a.held.Suspension; s != nil {
		return s.Until
	}
	return time.Time{}
}

func (a *Agent) pinnedUntil() time.Time {
	if p := a.held.Pin; p != nil {
		return p.Pin.Until
	}
	return time.Time{}
}

func over(end time.Time) bool { return !end.IsZero() && !time.Now().Before(end) }

// lapse ends what has reached its time.
func (a *Agent) lapse() {
	const why = "its time is over"
	if over(a.suspendedUntil()) {
		a.complain("end suspension", a.resume(self, why))
	}
	if over(a.pinnedUntil()) {
		a.complain("end pin", a.unpin(self, why))
	}
	a.lapseOverrides(why)
	a.ends()
}

// complain logs what status tells already, and nobody waits for.
func (a *Agent) complain(what string, err error) {
	if err != nil {
		a.parts.Log.Error(what, "error", err)
	}
}

func (a *Agent) expire(ctx context.Context) {
	a.lapse()
	a.follow(ctx)
	a.look(ctx, true)
}

// until is an end by the wall clock, as operators are shown it: Round drops the monotonic reading, with which a clock that is set
// would not count before a restart. The next look notices.
func until(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Now().Add(d).Round(0)
}

func withEnd(reason string, until time.Time) string {
	if until.IsZero() {
		return reason
	}
	if reason != "" {
		reason += "; "
	}
	return reason + "until " + until.UTC().Format(time.RFC3339)
}

// refresh has the repository asked now, and waits until what it brought was dealt with.
func (a *Agent) refresh(ctx context.Context) (spec.CommandResult, error) {
	fetched := make(chan error, 1)
	if err := a.within(ctx, func(loop context.Context) { a.waits(loop, fetched) }); err != nil {
		return spec.CommandResult{}, err
	}
	select {
	case err := <-fetched:
		if err != nil {
			return spec.CommandResult{}, fmt.Errorf("fetch: %w", err)
		}
	case <-a.ended:
		return spec.CommandResult{}, errEnded
	case <-ctx.Done():
		return spec.CommandResult{}, fmt.Errorf("wait for the fetch: %w", ctx.Err())
	}
	s := a.Status()
	return spec.CommandResult{Version: spec.DocumentVersion, Refusal: s.Refusal, Status: s}, nil
}
