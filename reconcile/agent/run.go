package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// arrival is how a fetch ended.
type arrival struct {
	commit source.Commit
	err    error
}

// Run turns the loop until ctx ends, finishes the step of a plan that is under way, and leaves the kernel as it is.
func (a *Agent) Run(ctx context.Context) error {
	defer close(a.ended)
	a.lasting = true
	a.start(ctx)
	a.parts.Notify("READY=1")
	now := time.Now()
	a.agenda.sooner(fetch, now)
	a.agenda[look] = now.Add(a.cfg.Look)
	if a.cfg.Watchdog > 0 {
		a.agenda[signOfLife] = now
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		a.rest()
		a.sync(ctx)
		t, at := a.agenda.next()
		timer.Reset(time.Until(at))
		select {
		case <-ctx.Done():
		case <-timer.C:
			a.agenda[t] = time.Time{}
			a.do(ctx, t)
		case r := <-a.fetched:
			a.arrived(ctx, r)
		case <-a.parts.Stirred:
			a.stir()
		case <-a.parts.VRRP.Changed():
			a.elected(ctx)
		case <-a.parts.Health.Changed():
			a.judged(ctx)
		case w := <-a.written:
			a.wrote(w)
		case <-a.parts.Exchange.Changed():
			a.exchanged(ctx)
		case <-a.parts.Sync.Changed():
			a.exchanged(ctx)
		case r := <-a.resync.done:
			a.sent(r)
		case f := <-a.asks:
			f(ctx)
		}
	}
	return a.stop()
}

func (a *Agent) stop() error {
	a.enter(spec.Stopping, "")
	a.parts.Notify("STOPPING=1")
	// Fetch ends with the context that ended the loop; nobody may use the mirror after Run.
	if a.fetching {
		<-a.fetched
	}
	a.hear()
	if a.writing {
		a.writing = false
		_ = a.recorded(<-a.written)
	}
	_ = a.record(a.tellHealth()...)
	a.keepJournals(true)
	err := a.record(journal.Record{Event: journal.Stopped, Actor: self})
	if !a.undone {
		if a.pools != nil {
			a.held.Brakes = a.pools.On()
		}
		a.keep() // the journal's end, so that one that is cut meanwhile is found
	}
	return err
}

// do carries out a task; each puts itself on the agenda again.
func (a *Agent) do(ctx context.Context, t task) {
	switch t {
	case signOfLife:
		a.parts.Notify("WATCHDOG=1")
		// Half the time: one sign may come late.
		a.agenda[signOfLife] = time.Now().Add(a.cfg.Watchdog / 2)
	case expire:
		a.expire(ctx)
	case retry:
		a.again(ctx)
	case proof:
		a.proven(ctx)
	case resyncing, routine: // the loop does it
	case look:
		a.agenda[look] = time.Now().Add(a.cfg.Look)
		a.keepJournals(false)
		a.look(ctx, false)
		if a.reconsiders() {
			a.follow(ctx)
		}
	case rising:
		a.rise(ctx)
	case draining:
		a.drain(ctx)
	case recording:
		a.chronicle()
	case fetch:
		a.fetch(ctx)
	}
}

// again tries once more whatever failed.
func (a *Agent) again(ctx context.Context) {
	if a.unrecorded > 0 {
		_ = a.record(journal.Record{Event: journal.Recovered, Actor: self, Detail: "the journal can be written again"})
	}
	if a.dirty {
		a.keep()
	}
	a.follow(ctx)
	a.look(ctx, true)
}

// failed puts the retry on the agenda, later each time in a row.
func (a *Agent) failed() {
	a.attempts++
	a.agenda.sooner(retry, a.later())
}

func (a *Agent) later() time.Time {
	return time.Now().Add(backoff(max(a.attempts, 1), a.chance()))
}

// owes says whether something is left for the retry.
func (a *Agent) owes() bool {
	if a.dirty || a.unrecorded > 0 || a.source != nil {
		return true
	}
	goal, ok := a.goal()
	return ok && a.held.Suspension == nil && goal.ID != a.held.Commit.ID && a.pending == nil && !a.quarantined(goal) && (a.refusal == nil || a.refusal.Commit.ID != goal.ID)
}

// fetch asks the repository, beside the loop.
func (a *Agent) fetch(ctx context.Context) {
	if a.fetching {
		return
	}
	a.fetching = true
	go func() {
		c, err := a.parts.Source.Fetch(ctx)
		a.fetched <- arrival{c, err}
	}()
}

// arrived takes what a fetch brought.
func (a *Agent) arrived(ctx context.Context, r arrival) {
	a.fetching = false
	now := time.Now()
	if r.err != nil {
		a.sourceFailed(r.err)
		a.agenda[fetch] = now.Add(backoff(max(a.parts.Source.Status().Failures, 1), a.chance()))
	} else {
		a.agenda[fetch] = nextPoll(now, a.cfg.Poll, source.Phase(a.cfg.Director, a.cfg.Poll))
		a.sourceAnswered(commitOf(r.commit))
		a.follow(ctx)
	}
	if len(a.waiting) > 0 {
		a.rest()
	}
	for _, w := range a.waiting {
		w <- r.err
	}
	a.waiting, a.queued = a.queued, nil
	if len(a.waiting) > 0 {
		a.fetch(ctx)
	}
}

// waits has someone told how the next fetch ends that begins from now on.
func (a *Agent) waits(ctx context.Context, w chan error) {
	if a.fetching {
		a.queued = append(a.queued, w)
		return
	}
	a.waiting = append(a.waiting, w)
	a.fetch(ctx)
}

func (a *Agent) sourceFailed(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if !a.failing {
		a.failing = true
		_ = a.record(journal.Record{Event: journal.SourceFailing, Actor: self, Result: err.Error()})
	}
}

func (a *Agent) sourceAnswered(c spec.Commit) {
	if a.failing {
		a.failing = false
		_ = a.record(journal.Record{Event: journal.SourceOK, Actor: self})
	}
	if a.tip == nil || a.tip.ID != c.ID {
		_ = a.record(of(c, journal.Record{Event: journal.Fetched, Actor: self}))
	}
	a.tip = &c
}

// Once fetches, applies and reads back one time, and leaves the kernel as it is. The status says what came of it; the error is that
// of the fetch, after what is on disk was applied.
func (a *Agent) Once(ctx context.Context) (spec.Status, error) {
	defer close(a.ended)
	a.start(ctx)
	c, err := a.parts.Source.Fetch(ctx)
	a.arrived(ctx, arrival{c, err})
	a.look(ctx, true)
	a.rest()
	if err != nil {
		err = fmt.Errorf("fetch: %w", err)
	}
	s := a.Status()
	return s, errors.Join(err, a.stop())
}

// commitOf is a commit in the words of spec.
func commitOf(c source.Commit) spec.Commit {
	return spec.Commit{ID: c.ID, Author: c.Author, Email: c.Email, When: c.When, Subject: c.Subject, Body: c.Body}
}
