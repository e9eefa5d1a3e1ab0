package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// goal is the commit that the director should hold: the pinned one, or the branch's tip; false while neither is known.
func (a *Agent) goal() (spec.Commit, bool) {
	switch {
	case a.held.Pin != nil:
		return a.held.Pin.Pin.Commit, true
	case a.tip != nil:
		return *a.tip, true
	}
	return spec.Commit{}, false
}

// follow brings the director to its goal, unless it is there, was refused, or an operator says not to.
func (a *Agent) follow(ctx context.Context) {
	if a.held.Suspension != nil || a.endRollback(ctx) {
		return
	}
	goal, ok := a.goal()
	switch {
	case !ok || a.refusal != nil && a.refusal.Commit.ID == goal.ID && !a.reconsiders():
		return
	case goal.ID == a.held.Commit.ID:
		if a.held.Pin == nil {
			a.refusal = nil
		}
		return
	case a.quarantined(goal) || a.goOn(ctx, goal, a.held.Pin == nil):
		return
	}
	defer hurry()()
	c, refusal, err := a.judge(goal, a.held.Pin == nil)
	switch {
	case err != nil:
		a.source = problem(a.source, "read commit "+goal.Short(), err)
		a.failed()
	case refusal != nil:
		a.refuse(*refusal, self)
	default:
		a.carry(ctx, c)
	}
}

// quarantined says whether a commit of the branch was taken back before.
func (a *Agent) quarantined(goal spec.Commit) bool {
	return a.held.Pin == nil && a.held.Reverted != nil && a.held.Reverted.Commit.ID == goal.ID
}

// judge accepts a commit or says why not. The error is of this host, not of the commit: it is tried again.
func (a *Agent) judge(c spec.Commit, branch bool) (candidate, *spec.Refusal, error) {
	a.attempted, a.seen = &spec.CommitAt{Commit: c, At: time.Now()}, ""
	if branch {
		refusal, err := a.rewound(c)
		if err != nil {
			return candidate{}, nil, err
		}
		if refusal != nil {
			a.source = nil // its history could be read
			return candidate{}, refusal, nil
		}
	}
	out, refusal, err := a.accept(c, true)
	out.branch = branch
	if err == nil {
		a.source = nil
	}
	return out, refusal, err
}

// rewound refuses a tip that does not descend from the newest commit that was accepted: whoever can push could otherwise bring back
// an old mistake, or drop a fix, without a new commit.
func (a *Agent) rewound(c spec.Commit) (*spec.Refusal, error) {
	mark := a.held.HighWater
	if mark == "" || mark == c.ID || a.cfg.AnyHistory {
		return nil, nil
	}
	ok, err := a.parts.Source.IsAncestor(mark, c.ID)
	if errors.Is(err, source.ErrShallow) {
		// The first fetch brings the tip alone, the next one its history.
		a.agenda.sooner(fetch, a.later())
	}
	if ok || err != nil {
		return nil, err
	}
	return refuse(c, fmt.Sprintf("the branch was rewound: %s does not descend from %s, which was accepted before; if history was rewritten on purpose, run lbsync pin %s and then lbsync unpin",
		c.Short(), spec.ShortID(mark), c.Short())), nil
}

func refuse(c spec.Commit, reason string) *spec.Refusal {
	return &spec.Refusal{Commit: c, At: time.Now(), Reason: reason}
}

// refuse keeps what the director holds and says why; in the journal once, also when it is judged again.
func (a *Agent) refuse(r spec.Refusal, actor string) {
	if a.seen != "" {
		r.Reason += ", because of what this director sees now; it is judged again when that changes"
	}
	was := a.refusal
	a.refusal, a.refusedBy = &r, a.seen
	if was != nil && was.Commit.ID == r.Commit.ID && slices.Equal(was.Diagnostics, r.Diagnostics) {
		r.At = was.At
		return
	}
	_ = a.record(of(r.Commit, journal.Record{Event: journal.Refused, Actor: actor, Result: r.Reason, Diagnostics: diagnosticsText(r.Diagnostics)}))
}

// endRollback unpins when the branch has moved on to something that differs from what was rolled back, and then holds that. It says
// whether it did.
func (a *Agent) endRollback(ctx context.Context) bool {
	p := a.held.Pin
	if p == nil || !p.Pin.Rollback || a.tip == nil || a.tip.ID == p.Pin.Left || a.tip.ID == p.Tip || a.tip.ID == a.examined && !a.reconsiders() {
		return false
	}
	c, refusal, err := a.judge(*a.tip, true)
	if err != nil {
		a.source = problem(a.source, "read commit "+a.tip.Short(), err)
		a.failed()
		return false
	}
	a.examined = a.tip.ID
	if refusal != nil {
		a.refuse(*refusal, self)
		return false
	}
	if rendering(c.view) == p.Quarantine {
		return false
	}
	why := fmt.Sprintf("%s differs from %s, which was rolled back", a.tip.Short(), spec.ShortID(p.Pin.Left))
	if a.unpin(self, why) != nil {
		a.failed()
		return false
	}
	a.carry(ctx, c)
	return true
}
