package agent

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// trial is a commit that is applied and not yet confirmed.
type trial struct {
	spec.Trial
	Boot     string      // run of the machine in which it was applied
	Baseline spec.Vitals // before it was
	Failed   bool        // a probe did not hold once already
	Turn     bool        // it is this director's turn; a syncid alone is tried without
	Checks   bool        // it changes nothing but health checks: these alone can have done harm, and only quorums and brakes are judged
}

// probedServices is how many services have their connections counted before and after a commit.
const probedServices = 64

// vitals are taken from what is known: of some services, whether they have their quorum, and of some how many connections, from the
// kernel's counters.
func (a *Agent) vitals(ctx context.Context, pooled, counted []spec.ServiceKey) spec.Vitals {
	v := spec.Vitals{Taken: time.Now(), Instances: map[string]spec.Vital{}, Peers: map[string]bool{}, Source: !a.failing && a.source == nil, Missing: a.failures}
	facts := a.mates()
	for name, p := range facts {
		v.Peers[name] = p.Answers()
	}
	if s, problem := a.parts.VRRP.Report(ctx, true); s != nil && problem == nil {
		for _, i := range s.Instances {
			v.Instances[i.Name.String()] = vitalOf(a.cfg.Director, i, facts)
		}
	}
	v.Coverage = map[string]float64{}
	for name, c := range a.covered {
		if c.Uncompared == "" {
			v.Coverage[name] = c.Percent()
		}
	}
	if a.held.View != nil {
		f := a.facts()
		v.Receiver, v.Received = f.Receiver, reconcile.Receptions(*a.held.View, f, a.parts.Sync.Speakers())
	}
	v.Connections = a.connections(ctx, counted)
	if a.pools != nil {
		v.Quorums, v.Brakes = a.pools.Quorums(pooled), a.pools.Brakes()
	}
	return v
}

func vitalOf(self string, i spec.InstanceStatus, peers map[string]spec.PeerFact) spec.Vital {
	out := spec.Vital{State: i.State}
	if i.State == spec.VRRPMaster {
		out.Masters = append(out.Masters, self)
	}
	for _, name := range sortedNames(peers) {
		if p := peers[name]; p.Answers() && p.Report.Roles[i.Name.String()] == spec.RoleMaster {
			out.Masters = append(out.Masters, name)
		}
	}
	if len(out.Masters) == 0 && i.Master.IsValid() {
		out.Masters = append(out.Masters, i.Master.String())
	}
	return out
}

func (a *Agent) connections(ctx context.Context, services []spec.ServiceKey) map[spec.ServiceKey]int {
	if a.parts.Stats == nil || len(services) == 0 {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, observeWithin)
	defer cancel()
	stats, err := a.parts.Stats(within, services...)
	if err != nil {
		return nil // what cannot be counted is no probe; the kernel's own trouble shows elsewhere
	}
	out := map[spec.ServiceKey]int{}
	for _, d := range stats.Dests {
		out[d.Key.Service] += int(d.Active)
	}
	return out
}

// unjudged are the checks that began in a trial, or when the agent was started in it, and have no verdict.
func (a *Agent) unjudged(t *trial) spec.Unjudged {
	if a.pools == nil {
		return spec.Unjudged{}
	}
	return a.pools.Unjudged(t.Baseline.Taken)
}

// timed is when the time of a trial is over. One that began before this agent did has it once more: a probe that was not made yet says as
// little as one that holds.
func (a *Agent) timed(t *trial) time.Time {
	if again := a.started.Add(reconcile.ConfirmOf(*a.held.View).Timeout); again.After(t.Until) {
		return again
	}
	return t.Until
}

// over is when a trial is: it waits for the checks that began with its commit: a real server that was taken on is not one that is up.
func (a *Agent) over(t *trial) time.Time {
	if t.Failed {
		return a.timed(t)
	}
	return a.unjudged(t).Awaited(a.timed(t))
}

// touched are services that a plan alters, and those of others, without the private ones of checks.
func touched(p spec.Plan, others ...spec.ServiceKey) []spec.ServiceKey {
	var out []spec.ServiceKey
	seen := map[spec.ServiceKey]bool{}
	add := func(k spec.ServiceKey) {
		if !k.Private() && !seen[k] && len(out) < probedServices {
			seen[k] = true
			out = append(out, k)
		}
	}
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			switch k := c.Key.(type) {
			case spec.ServiceKey:
				add(k)
			case spec.DestKey:
				add(k.Service)
			}
		}
	}
	for _, k := range others {
		add(k)
	}
	return out
}

// try begins the trial of a commit, or says that it needs none: the first commit of all has nothing to go back to, and what an operator
// applies on the spot is the operator's own.
func (a *Agent) try(ctx context.Context, commit spec.Commit, view *spec.View, p spec.Plan, checked []spec.ServiceKey) *trial {
	confirm := reconcile.ConfirmOf(*view)
	if a.held.View == nil || confirm.Timeout == 0 {
		return nil
	}
	now := time.Now()
	t := &trial{Trial: spec.Trial{Commit: commit, Before: a.held.Commit, Began: now, Until: now.Add(confirm.Timeout)}, Boot: a.cfg.Boot, Turn: a.begins, Checks: p.Changes() == 0}
	t.Baseline = a.before(ctx, p, checked)
	if was := a.held.Trial; was != nil {
		// A newer commit, or the rest of this one: what was proven last is still what to go back to, and both are judged.
		t.Before, t.Turn, t.Checks = was.Before, was.Turn || a.begins, was.Checks && t.Checks
		t.Baseline = reconcile.Baseline(was.Baseline, t.Baseline)
	} else if a.held.Commit.ID == commit.ID {
		t.Before = a.held.Proven
	}
	return t
}

// before are the vitals before a plan is carried out, and the checks of some services begin: those that have none yet have their quorum.
func (a *Agent) before(ctx context.Context, p spec.Plan, checked []spec.ServiceKey) spec.Vitals {
	services := touched(p, checked...)
	v := a.vitals(ctx, services, touched(p))
	for _, k := range reconcile.Served(*a.held.View, services) {
		if _, known := v.Quorums[k]; !known && v.Quorums != nil {
			v.Quorums[k] = true
		}
	}
	return v
}

// part is what of vitals is judged in a trial.
func (t *trial) part(v spec.Vitals) spec.Vitals {
	if t.Checks {
		return spec.Vitals{Taken: v.Taken, Quorums: v.Quorums, Brakes: v.Brakes}
	}
	return v
}

// proven judges the commit that is on trial. A probe that does not hold is asked once more before the commit is taken back.
func (a *Agent) proven(ctx context.Context) {
	t := a.held.Trial
	if t == nil {
		return
	}
	switch {
	case a.held.Suspension != nil: // nothing may be written, so nothing can be taken back
		a.agenda.sooner(proof, time.Now().Add(proofAgain))
		return
	case t.Boot != a.cfg.Boot: // it is not judged, it is taken back once the kernel can be read
		a.agenda.sooner(proof, time.Now().Add(proofAgain))
		a.look(ctx, true)
		return
	case time.Now().Before(a.timed(t)):
		a.agenda.sooner(proof, a.timed(t))
		return
	case time.Now().Before(a.over(t)):
		a.agenda.sooner(proof, time.Now().Add(recordHealthEvery))
		return
	}
	a.look(ctx, true)
	switch {
	case a.held.Trial != t:
		return
	case !a.known:
		a.agenda.sooner(proof, time.Now().Add(proofAgain))
		return
	}
	confirm := reconcile.ConfirmOf(*a.held.View)
	b := t.Baseline
	now := a.vitals(ctx, slices.Collect(maps.Keys(b.Quorums)), slices.SortedFunc(maps.Keys(b.Connections), spec.ServiceKey.Compare))
	unmet := reconcile.Judge(t.part(b), t.part(now), confirm)
	switch {
	case len(unmet) == 0:
		a.confirm(a.unjudged(t).Text(confirm.Timeout + spec.MostAwaited))
	case !t.Failed:
		next := *t
		next.Failed, next.Until = true, time.Now().Add(min(confirm.Timeout, proofAgain))
		a.held.Trial = &next
		a.agenda.sooner(proof, next.Until)
		a.parts.Log.Warn("a probe does not hold, it is asked once more", "probe", unmet[0].String())
	default:
		a.revert(ctx, back{Reverted: spec.Reverted{Unmet: unmet}})
	}
}

// proofAgain is at most the time between the failure of a probe and its second chance.
const proofAgain = 5 * time.Second

// confirm ends a trial well. What is not known yet is said.
func (a *Agent) confirm(unknown string) {
	if unknown != "" {
		a.parts.Log.Warn("a commit is confirmed before all its checks are judged", "commit", a.held.Commit.Short(), "checks", unknown)
	}
	a.held.Trial, a.held.Confirmed, a.held.ConfirmedAt, a.held.Rebooted = nil, a.held.Commit.ID, time.Now(), ""
	if !a.held.Late {
		a.held.Proven = a.held.Commit
	}
	a.turn = spec.Turn{}
	_ = a.record(of(a.held.Commit, journal.Record{Event: journal.Confirmed, Actor: self, Result: "ok", Detail: unknown}))
	a.keep()
}
