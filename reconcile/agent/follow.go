package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
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
	if a.held.Suspension != nil {
		a.withdraw()
		return
	}
	if a.endRollback(ctx) {
		return
	}
	goal, ok := a.goal()
	switch {
	case !ok || a.refusal != nil && a.refusal.Commit.ID == goal.ID && !a.reconsiders():
		a.forgo()
		return
	case goal.ID == a.held.Commit.ID:
		if a.held.Pin == nil {
			a.refusal = nil
		}
		a.forgo()
		return
	case a.quarantined(goal) || a.goOn(ctx, goal, a.held.Pin == nil):
		return
	}
	defer hurry()()
	c, refusal, err := a.judge(goal, a.pinnedBy())
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

// forgo ends the wait for a commit that is not to be held any more; the others need not wait for this director then.
func (a *Agent) forgo() {
	a.pending = nil
	a.withdraw()
}

// withdraw takes back the wish to apply another commit than the one that is held.
func (a *Agent) withdraw() {
	if !a.turn.Taken && a.turn.Commit != a.held.Commit.ID {
		a.turn = spec.Turn{}
	}
}

// quarantined says whether a commit of the branch was taken back before.
func (a *Agent) quarantined(goal spec.Commit) bool {
	return a.held.Pin == nil && a.held.Reverted != nil && a.held.Reverted.Commit.ID == goal.ID
}

// pinnedBy is the operator who pinned what is held; "" while the branch is followed.
func (a *Agent) pinnedBy() string {
	if a.held.Pin == nil {
		return ""
	}
	return actorOf(a.held.Pin.Pin.Actor)
}

// judge accepts a commit or says why not. The error is of this host, not of the commit: it is tried again.
// operator is who asks for it by hand; "": it is the branch's.
func (a *Agent) judge(c spec.Commit, operator string) (candidate, *spec.Refusal, error) {
	a.attempted, a.seen = &spec.CommitAt{Commit: c, At: time.Now()}, ""
	if operator == "" {
		refusal, err := a.rewound(c)
		if err != nil {
			return candidate{}, nil, err
		}
		if refusal != nil {
			a.source = nil // its history could be read
			return candidate{}, refusal, nil
		}
	}
	out, refusal, err := a.accept(c, judging{operator: operator})
	out.branch = operator == ""
	if err == nil {
		a.source = nil
	}
	return out, refusal, err
}

func refuse(c spec.Commit, reason string) *spec.Refusal {
	return &spec.Refusal{Commit: c, At: time.Now(), Reason: reason}
}

// refuse keeps what the director holds and says why; in the journal once, also when it is judged again.
func (a *Agent) refuse(r spec.Refusal, actor string) {
	if a.seen != "" {
		r.Reason += ", because of what this director sees now; it is judged again when that changes"
	}
	if byHand(r.Diagnostics) {
		r.Reason += fmt.Sprintf("; if it is meant: lbsync pin %s here, then lbsync unpin", r.Commit.Short())
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
	c, refusal, err := a.judge(*a.tip, "")
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
