package agent

import (
	"context"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// rules are what the held view says of drift.
func (a *Agent) rules() reconcile.DriftPolicy {
	p := reconcile.DriftPolicy{Repaired: a.repairs, Now: time.Now()}
	if a.held.View != nil {
		p.View = *a.held.View
	}
	return p
}

// drifted notes what was changed outside git, with when it was first seen, and returns what was not seen before.
func (a *Agent) drifted(p spec.Plan) []spec.Change {
	now, first, fresh := time.Now(), map[spec.Key]time.Time{}, []spec.Change(nil)
	a.drift = nil
	note := func(c spec.Change, left string) {
		at, seen := a.firstSeen[c.Key]
		if !seen {
			at, fresh = now, append(fresh, c)
		}
		first[c.Key] = at
		a.drift = append(a.drift, spec.Drift{Object: spec.ObjectOf(c.Key), Action: c.Action, Fields: c.Fields(), FirstSeen: at, Left: left})
	}
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			if c.Reason == spec.ByDrift {
				note(c, "")
			}
		}
	}
	for _, l := range p.Left {
		note(l.Change, l.Why)
	}
	a.firstSeen = first
	a.repairs.Forget(now)
	a.flapping = a.rules().Flapping()
	a.counted(p)
	return fresh
}

// kept are the changes that hold, by the plan that was made after them: a kernel that takes a change and does not keep it fails, and
// nobody else writes it.
func kept(done []spec.Change, after spec.Plan) []spec.Change {
	missing := map[spec.Key]bool{}
	for _, s := range after.Steps {
		for _, c := range s.Changes {
			missing[c.Key] = true
		}
	}
	var out []spec.Change
	for _, c := range done {
		if !missing[c.Key] {
			out = append(out, c)
		}
	}
	return out
}

// agrees reads the kernel once more, and fully, before a repair that follows from a reading which is hard to believe. Where the two
// readings differ nothing is done, and the kernel is read again soon.
func (a *Agent) agrees(ctx context.Context, p spec.Plan) bool {
	if !reconcile.Sweeping(p, *a.states.Want(), a.states.Live()) {
		return true
	}
	if a.observe(ctx, reconcile.Full) != nil {
		a.failed()
		return false
	}
	again := a.difference()
	if again.Digest == p.Digest {
		return true
	}
	a.parts.Log.Warn("two readings of the kernel differ, nothing is put right before two agree", "first", p.Changes(), "second", again.Changes())
	a.drifted(again)
	a.agenda.sooner(look, time.Now().Add(stirred))
	return false
}

// Something that stirs calls for a look once what follows on it has settled, and no sooner than a while after the last one.
const (
	settling = 100 * time.Millisecond
	stirred  = time.Second
)

// stir looks soon: an interface came or went, and with it what a sync daemon stands on. What failed for want of it is tried again.
func (a *Agent) stir() {
	a.stuck = spec.Digest{}
	now := time.Now()
	at := now.Add(settling)
	if after := a.looked.Add(stirred); after.After(at) {
		at = after
	}
	a.agenda.sooner(look, at)
}
