package agent

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// back is a commit on trial that is taken back. It is noted with the one before, and not sooner: that one may have to wait for a kernel
// that can be read, or a disk that can be written, and until then the trial goes on.
type back struct {
	spec.Reverted
	machine bool // it went down in the trial
	again   bool // the commit is tried once more
}

// records say it; none where nothing is taken back.
func (b *back) records() []journal.Record {
	if b == nil {
		return nil
	}
	words := make([]string, len(b.Unmet))
	for i, u := range b.Unmet {
		words[i] = u.String()
	}
	return []journal.Record{of(b.Commit, journal.Record{Event: journal.Reverted, Actor: self, Result: strings.Join(words, "\n"), Detail: "back to " + b.Before.Short()})}
}

// note keeps it.
func (b *back) note(m *marks) {
	if b == nil {
		return
	}
	if b.machine {
		m.Rebooted = b.Commit.ID
	}
	if !b.again {
		m.Reverted = &b.Reverted
	}
}

// revert goes back to what was proven last, by the same want, plan and apply. The commit is not tried again; a newer one is. What cannot
// be done now is judged again soon.
func (a *Agent) revert(ctx context.Context, b back) {
	t := a.held.Trial
	b.Commit, b.Before, b.At = t.Commit, t.Before, time.Now()
	c, refusal, err := a.accept(t.Before, judging{skip: true})
	if err == nil && refusal != nil {
		err = errors.New(refusal.Reason)
	}
	if err != nil {
		a.source = problem(a.source, "read commit "+t.Before.Short()+" to go back to it", err)
		a.agenda.sooner(proof, a.later())
		return
	}
	a.source, c.back = nil, &b
	a.carry(ctx, c)
	if a.held.Trial == t {
		a.agenda.sooner(proof, time.Now().Add(proofAgain))
	}
}

// rebooted goes back to what was proven last where the machine went down in a trial, before anything of the commit on trial is put into
// its kernel. The commit is tried once more, and then no more.
func (a *Agent) rebooted(ctx context.Context) {
	t := a.held.Trial
	if t == nil || t.Boot == a.cfg.Boot || a.held.Suspension != nil {
		return
	}
	again := a.held.Rebooted != t.Commit.ID
	a.revert(ctx, back{machine: true, again: again, Reverted: spec.Reverted{Unmet: []spec.Unmet{{Probe: "machine", Now: "it went down before the commit was confirmed"}}}})
	if again && a.held.Trial == nil {
		a.agenda.sooner(retry, time.Now())
	}
}
