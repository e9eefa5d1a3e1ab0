package agent

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// VRRP is the engine, and those who are told of its transitions, as *director.VRRP is one. Its methods may be called at any time.
type VRRP interface {
	// Roles are those known now, by vrrp_instance.
	Roles() map[string]spec.Role
	// Changed has an element when Roles or News have something new.
	Changed() <-chan struct{}
	// News are what happened since the last call.
	News() []spec.VRRPNews
	// Tell says whom to tell: those whom the view names.
	Tell(spec.View)
	Handover(context.Context, spec.InstanceKey) error
	// Report is the engine's own status, or why there is none; neither where nobody needs an engine, as far as wanted says.
	Report(ctx context.Context, wanted bool) (*spec.VRRPStatus, *spec.Problem)
}

// elected journals what happened, and plans anew what is held if a role is another one than it was planned with.
func (a *Agent) elected(ctx context.Context) {
	a.hear()
	if a.states.Wanting() && !maps.Equal(a.parts.VRRP.Roles(), a.roles) {
		if a.pending != nil {
			a.follow(ctx) // another role may have nothing to wait for
		}
		a.look(ctx, false)
	}
}

// turned renders what is held anew for roles, or other facts, that changed. It comes after each read of the kernel: what was read may be of
// the new role already, and would be taken for drift.
func (a *Agent) turned() {
	if a.held.View == nil {
		return
	}
	if f := a.facts(); f.Shift == a.shifted && reconcile.Basis(*a.held.View, f) == a.basis && !a.outdated(f) {
		return
	}
	a.wanting(*a.held.View)
	// A daemon that the engine starts for the new role is ours.
	a.held.Owned = a.held.Owned.Claim(*a.states.Want())
}

func (a *Agent) hear() {
	var recs []journal.Record
	for _, n := range a.parts.VRRP.News() {
		recs = append(recs, newsRecord(n))
	}
	_ = a.record(recs...)
}

func newsRecord(n spec.VRRPNews) journal.Record {
	e := n.Event
	r := journal.Record{Event: journal.Transition, Actor: self, Kind: spec.KindInstance, Key: e.Instance.String()}
	switch {
	case n.Told != nil:
		r.Event, r.Result = journal.Notified, n.Told.Result
		r.Detail = fmt.Sprintf("%s of %s %s", n.Told.Target, n.Told.Subject, strings.ToUpper(n.Told.State))
		if e.Instance == "" {
			r.Kind = "" // a notice of a commit
		} else {
			r.Detail += fmt.Sprintf(" (event %d)", e.Serial)
		}
	case n.Why != "":
		r.Event, r.Changes, r.Result = journal.Notified, int(n.Lost), n.Why
		if e.Instance == "" {
			r.Kind = ""
		}
	case e.From == e.To:
		r.Result = "stays " + string(e.To) + ": " + e.Why
	default:
		r.Before, r.After, r.Result = "state="+string(e.From), "state="+string(e.To), e.Why
	}
	return r
}
