package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// start brings the director to what it last held, without git: what the kernel holds already is taken over, the difference is
// applied. What a killed process had begun is ended rather than undone and done again.
func (a *Agent) start(ctx context.Context) {
	defer hurry()()
	_ = a.record(journal.Record{Event: journal.Started, Actor: self, Detail: "lbsync " + a.cfg.Program})
	begun := a.remember()
	a.rememberJournals()
	a.prove(begun == nil)
	if tip, ok := a.parts.Source.Tip(); ok {
		c := commitOf(tip)
		a.tip = &c
	}
	a.lapse()
	if t := a.held.Trial; t != nil {
		if t.Turn {
			a.turn = spec.Turn{Commit: t.Commit.ID, Taken: true}
		}
		a.agenda.sooner(proof, time.Now())
	}
	a.rebooted(ctx)
	// What was begun is ended; but where the machine went down in it, it begins with what was proven.
	if goal, ok := a.goal(); begun != nil && ok && goal.ID == begun.Commit.ID && begun.Boot == a.cfg.Boot {
		a.follow(ctx)
	}
	if begun == nil || a.held.Commit.ID != begun.Commit.ID {
		a.restore(ctx)
	}
	a.follow(ctx)
}

// restore brings back what is held.
func (a *Agent) restore(ctx context.Context) {
	if a.observe(ctx, reconcile.Full) != nil {
		a.failed()
		return
	}
	if len(a.states.Live().Services)+len(a.states.Live().Daemons) == 0 {
		// A kernel that just booted: filling it repairs nothing that somebody changed.
		// And none of it waits: an empty director serves nobody.
		a.states.Made(nil)
		a.held.Late = false
	}
	a.compare(ctx, true)
}

// remember reads what is on disk, and returns the intent that has no outcome.
func (a *Agent) remember() *intent {
	h, damaged := a.store.load()
	if h.View == nil && h.Commit.ID != "" {
		damaged = append(damaged, a.recall(&h))
	}
	begun, err := a.store.unfinished(h.Serial)
	if err := errors.Join(append(damaged, err)...); err != nil {
		_ = a.record(journal.Record{Event: journal.Recovered, Actor: self, Result: err.Error(), Detail: "going on from what is sound: " + orNothing(h.Commit.ID)})
	}
	a.held, a.saved = h, h.Serial
	if begun != nil {
		_ = a.record(of(begun.Commit, journal.Record{Event: journal.Recovered, Actor: self, Plan: begun.Plan.String(), Detail: "begun and not ended"}))
		a.held.Owned = begun.Owned
		if begun.Trial != nil && h.View != nil { // without a view there is nothing to go back to
			a.held.Trial = begun.Trial // what of it the kernel has is as unproven as the whole
		}
	}
	if h.View == nil {
		a.parts.VRRP.Tell(spec.View{})
	} else {
		a.parts.VRRP.Tell(*h.View)
		a.parts.Exchange.Trust(*h.View)
		a.wanting(*h.View)
		a.applied = &spec.CommitAt{Commit: h.Commit, At: h.At}
		// All that is wanted is ours, also what failed when Owned was written.
		a.held.Owned = a.held.Owned.Claim(*a.states.Want())
		if h.Whole {
			a.states.Made(a.states.Want())
		}
		if overrides := slices.Concat(h.Overrides, h.Heard); len(overrides) > 0 && h.Whole {
			// What an override did that ended meanwhile is no drift.
			prior, _ := reconcile.Want(*h.View, spec.Facts{Roles: a.roles, Overrides: overrides, Drains: h.Drains})
			a.states.Made(&prior)
		}
	}
	return begun
}

// recall works out anew what a last known good says, from its commit in the mirror. Without that one the agent goes on as after a
// first start, with what an operator decided and what it owns.
func (a *Agent) recall(h *held) error {
	v, err := a.viewOf(h.Commit)
	if err != nil {
		h.Commit, h.Whole, h.Trial = spec.Commit{}, false, nil
		return err
	}
	h.View = &v
	return nil
}

// viewOf is what a commit in the mirror says for this director.
func (a *Agent) viewOf(c spec.Commit) (spec.View, error) {
	a.ripe = true
	tree, err := a.parts.Source.Tree(c.ID)
	if err != nil {
		return spec.View{}, fmt.Errorf("read commit %s: %w", c.Short(), err)
	}
	fleet, diags := a.parts.Load(tree)
	if diags.HasErrors() {
		return spec.View{}, fmt.Errorf("read commit %s: %w", c.Short(), diags)
	}
	v, ok := fleet.Director(a.cfg.Director)
	if !ok {
		return spec.View{}, fmt.Errorf("read commit %s: it declares no director %q", c.Short(), a.cfg.Director)
	}
	return v, nil
}

func orNothing(id string) string {
	if id == "" {
		return "nothing"
	}
	return spec.ShortID(id)
}

// wanting renders a view into what kernel and engine should hold.
func (a *Agent) wanting(v spec.View) {
	facts := a.facts()
	want, holds := a.render(v, facts)
	a.states.Wants(&want)
	a.holds, a.roles, a.basis, a.overridden = holds, facts.Roles, reconcile.Basis(v, facts), overrideStatus(&want, &v)
	a.shifted = facts.Shift
	a.hold(want)
}

// hold has the wanted sysctls observed: a plan that misses one from what is live would set it again and again. And it has the groups of
// connection sync listened to.
func (a *Agent) hold(want spec.State) {
	var keys []spec.SysctlKey
	for _, s := range want.Sysctls {
		keys = append(keys, s.Key)
	}
	a.parts.Hold(keys...)
	var daemons []spec.Daemon
	for _, d := range want.Daemons {
		daemons = append(daemons, d.Value)
	}
	a.parts.Sync.Watch(daemons...)
}
