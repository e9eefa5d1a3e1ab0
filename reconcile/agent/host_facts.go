package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// judgedWithin bounds the rules of a fleet's own, beside their steps: a machine that is this slow is not to hang in one.
const judgedWithin = time.Minute

// policyInput is what this director's policies judge by, but for its facts.
func (a *Agent) policyInput(f *spec.Fleet, c spec.Commit) policies.Input {
	deadline := time.Now().Add(judgedWithin)
	in := policies.Input{Fleet: f, Commit: &c, Expired: func() bool { return time.Now().After(deadline) }}
	if a.held.View != nil {
		in.Priors = []spec.View{*a.held.View}
		in.Changes = func() map[string][]spec.Change { return reconcile.Changes(in.Priors, f) }
	}
	return in
}

// hostFacts are those of now. Before the others have reported, who sends sync messages is not known: one of them may be taken for a
// stranger.
func (a *Agent) hostFacts() spec.HostFacts {
	f := a.facts()
	out := spec.HostFacts{Taken: f.Now, Roles: f.Roles}
	if a.parts.Ports != nil {
		out.Ports = a.parts.Ports()
	}
	if reconcile.Known(f.Peers) {
		out.Strangers = append([]spec.SyncSpeaker{}, f.Strangers...)
	}
	want, _ := a.states.Beside()
	engine, _ := a.parts.VRRP.Report(context.Background(), !want.VRRP.Empty())
	if engine == nil || a.held.View == nil {
		return out
	}
	out.Speakers = []spec.SpeakerFact{}
	for _, i := range engine.Instances {
		for _, k := range a.held.View.Strangers(i, f.Now) {
			out.Speakers = append(out.Speakers, spec.SpeakerFact{Instance: i.Name, Interface: i.Interface, RouterID: i.RouterID, Speaker: k})
		}
	}
	return out
}

// judgedBy asks the policies. What they refuse because of what this director sees now is judged again when it sees something else: a
// port may get its address, and a stranger fall silent, without another commit.
func (a *Agent) judgedBy(f *spec.Fleet, c spec.Commit, operator string) policies.Outcome {
	blind := a.policyInput(f, c)
	blind.Operator = operator
	facts, in := a.hostFacts(), blind
	in.Facts = map[string]spec.HostFacts{a.cfg.Director: facts}
	out := a.parts.Check(in)
	if out.Diags.HasErrors() && !a.parts.Check(blind).Diags.HasErrors() {
		a.seen = sight(facts)
	}
	return out
}

// reconsiders says whether the commit that was refused is to be judged again.
func (a *Agent) reconsiders() bool {
	return a.refusal != nil && a.refusedBy != "" && a.refusedBy != sight(a.hostFacts())
}

// sight is what of the facts policies judge by, as text: not when and how often somebody was heard.
func sight(f spec.HostFacts) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f.Ports)) {
		fmt.Fprintln(&b, name, f.Ports[name])
	}
	for _, name := range slices.Sorted(maps.Keys(f.Roles)) {
		fmt.Fprintln(&b, name, f.Roles[name])
	}
	for _, s := range f.Strangers {
		fmt.Fprintln(&b, s.Addr, s.Interface, s.Group, s.Port, s.SyncID)
	}
	for _, s := range f.Speakers {
		fmt.Fprintln(&b, s.Instance, s.Interface, s.RouterID, s.Addr, s.Priority)
	}
	return b.String()
}
