package reconcile

import "github.com/lbsync/lbsync/spec"

// PlanInput is all that a plan depends on.
type PlanInput struct {
	Director string
	Commit   spec.Commit // what Want comes from
	Want     spec.State
	Holds    []spec.Hold // as Want returned them: their objects are left as they are
	Prior    *spec.State // the wanted state last applied; nil when none ever was
	Live     spec.State  // a whole observation
	Owned    Owned
	Bridged  bool // a syncid is taken over the bridge: see Bridged
	Drift    DriftPolicy
	Drains   []spec.Drain // of Facts
}

// NewPlan is what has to be done, in order. It is empty when live is as wanted, and never touches what lbsync does not own.
func NewPlan(in PlanInput) spec.Plan {
	p := spec.Plan{Director: in.Director, Commit: in.Commit, Held: in.Holds}
	held, drift, drains := heldKeys(in.Holds), driftJudge{DriftPolicy: in.Drift}, in.draining()
	all, ours := Diff(in.Want, in.Live), 0
	for i := range all {
		switch c := &all[i]; {
		case held.has(c.Key):
		case in.foreign(c):
			p.Foreign = append(p.Foreign, spec.Foreign{Key: c.Key, Value: c.Before})
		default:
			in.judge(c)
			if c.Reason == spec.ByDrift && !repairs(&drift, c, &p) {
				continue
			}
			drains.put(c)
			if ours != i {
				all[ours] = *c
			}
			ours++
		}
	}
	p.Steps = steps(all[:ours])
	p.Digest = digest(p.Steps)
	return p
}

// repairs says whether drift is put right; where it is left and reported, the plan says so.
func repairs(drift *driftJudge, c *spec.Change, p *spec.Plan) bool {
	repair, report, why := drift.judge(c)
	if !repair && report {
		p.Left = append(p.Left, spec.Left{Change: *c, Why: why})
	}
	return repair
}

// judge gives a change its reason and risk. What is removed is declared nowhere any more: it is shown where it was.
func (in *PlanInput) judge(c *spec.Change) {
	c.Reason, c.Risk = reason(c, in.Prior), risk(c)
	if c.Risk == spec.RiskSyncGap && in.Bridged && syncIDAlone(c) {
		c.Risk = spec.RiskNone // what the restart of a daemon misses, a full resync brings
	}
	if c.Risk == spec.RiskTransition && !in.elected(c.Key) {
		c.Risk = spec.RiskNone
	}
	if by, ok := in.byFacts(c); ok && c.Reason == spec.ByCommit {
		c.Reason = by
	}
	if c.Action == spec.Remove && in.Prior != nil {
		_, c.Pos = lookup(in.Prior, c.Key)
	}
}

// elected says whether the instance that an object belongs to is there already: a new one has no role that could move.
func (in *PlanInput) elected(k spec.Key) bool {
	if part := spec.PartOf(k); part != nil {
		k = part
	}
	_, live := in.Live.VRRP.Instances.Find(k.(spec.InstanceKey))
	return live
}

// foreign says whether a live object that is not wanted is someone else's. What lbsync neither wants nor owns is; but a real server in
// a service that it wants is drift.
func (in *PlanInput) foreign(c *spec.Change) bool {
	if c.Action != spec.Remove || in.Owned.Has(c.Key) {
		return false
	}
	if d, ok := c.Key.(spec.DestKey); ok {
		_, wanted := in.Want.Services.Find(d.Service)
		return !wanted
	}
	return true
}

// keys are the objects of holds.
type keys map[spec.Key]bool

func heldKeys(holds []spec.Hold) keys {
	m := make(keys, len(holds))
	for _, h := range holds {
		if h.Field == "" {
			m[h.Key] = true
		}
	}
	return m
}

// has also holds what belongs to a service or an instance that is held.
func (m keys) has(k spec.Key) bool {
	return len(m) > 0 && (m[k] || m[spec.PartOf(k)])
}
