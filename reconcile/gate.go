package reconcile

import (
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// GateInput is what it depends on whether the changes of a commit may be made here and now.
type GateInput struct {
	View      spec.View
	Commit    string
	Rendering map[string]spec.Digest // as RenderingOf gives it
	Facts     spec.Facts
	Turn      spec.Turn // of this director
	Followed  bool      // a newer commit waits: what is left of this one is that one's
}

// Gated is a plan with only what may be done now. What waits stands in Plan.Held.
type Gated struct {
	Plan    spec.Plan
	Waiting []spec.InstanceKey // instances of which something waits for evidence
	Ready   bool               // something could be done if it were this director's turn
	Begins  bool               // it is, and Plan has what needs the turn: all else in it needs none
}

// Gate holds what a commit changes until the other directors are ready for it: first those that are backup, then the master, and never
// two at once. Drift is put right whoever answers. So is a syncid alone, which the bridge takes over its own way, and what facts ask for.
func Gate(p spec.Plan, in GateInput) Gated {
	g := gate{GateInput: in, touch: touching(in.View)}
	turn := TurnOf(in)
	out := Gated{Plan: p}
	out.Plan.Steps, out.Plan.Held = nil, slices.Clone(p.Held)
	for _, s := range p.Steps {
		var now []spec.Change
		for i := range s.Changes {
			c := &s.Changes[i]
			if !g.gated(c) {
				now = append(now, *c)
				continue
			}
			o, instance := g.objection(c)
			if in.Followed {
				o = objection{why: "a newer commit waits, which says what becomes of it"}
			} else if o.why != "" {
				out.wait(instance)
			} else {
				out.Ready = true
				out.Begins = turn.why == ""
				o = turn
			}
			if o.why == "" {
				now = append(now, *c)
			} else {
				out.Plan.Held = append(out.Plan.Held, spec.Hold{Key: c.Key, Why: o.why, Until: o.until})
			}
		}
		if len(now) > 0 {
			out.Plan.Steps = append(out.Plan.Steps, spec.Step{Phase: s.Phase, Changes: now})
		}
	}
	out.Plan.Digest = digest(out.Plan.Steps)
	return out
}

func (g *Gated) wait(i spec.InstanceKey) {
	if !slices.Contains(g.Waiting, i) {
		g.Waiting = append(g.Waiting, i)
	}
}

type gate struct {
	GateInput
	touch touch
	known map[asked]*objection
}

// asked is what the others are asked for evidence about.
type asked struct {
	instance spec.InstanceKey
	shared   bool
}

// gated says whether a change is the commit's own.
func (g *gate) gated(c *spec.Change) bool {
	if c.Reason == spec.ByDrift || c.Reason.ByFacts() || len(g.Facts.Peers) == 0 {
		return false
	}
	return !syncIDAlone(c)
}

// objection is why a change waits, and for which instance. Only what touches an instance that this director is master of waits.
func (g *gate) objection(c *spec.Change) (objection, spec.InstanceKey) {
	owners, shared := g.touch.of(c.Key)
	for _, t := range owners {
		if g.Facts.Roles[t.instance.String()] != spec.RoleMaster {
			continue
		}
		if o := g.others(t, shared); o.why != "" {
			return o, t.instance
		}
	}
	return objection{}, ""
}

// others asks every other director of the cluster for its evidence, once for each instance. For what belongs to no instance each may be
// master of one, and all would wait for all: those whose turn comes later are not asked.
func (g *gate) others(t owner, shared bool) objection {
	about := asked{t.instance, shared}
	if o := g.known[about]; o != nil {
		return *o
	}
	var found objection
	for _, name := range t.cluster.Directors {
		if p, exchanged := g.Facts.Peers[name]; !exchanged || name == g.View.Director.Def.Name || shared && g.precedes(name, p) {
			continue
		}
		if found = evidence(name, g.Commit, t.instance, g.Rendering[t.cluster.Name], t.cluster, g.Facts); found.why != "" {
			break
		}
	}
	if g.known == nil {
		g.known = map[asked]*objection{}
	}
	g.known[about] = &found
	return found
}

// precedes says whether this director's turn comes before that of another one that answers, as both know it.
func (g *gate) precedes(name string, p spec.PeerFact) bool {
	return p.Answers() && before(spec.Turn{Rank: Rank(g.Facts.Roles)}, g.View.Director.Def.Name, spec.Turn{Rank: Rank(p.Report.Roles)}, name)
}

// owner is an instance that an object belongs to.
type owner struct {
	cluster  *spec.Cluster
	instance spec.InstanceKey
}

// touch finds the instances that an object belongs to.
type touch struct {
	byAddr     map[netip.Addr]owner
	byInstance map[spec.InstanceKey]owner
	all        []owner // of what belongs to none of them: settings, daemons, firewall marks
}

func touching(v spec.View) touch {
	t := touch{byAddr: map[netip.Addr]owner{}, byInstance: map[spec.InstanceKey]owner{}}
	for i := range v.Clusters {
		c := &v.Clusters[i]
		for _, in := range c.Instances {
			one := owner{c, spec.InstanceKey(in.Def.Name)}
			t.all, t.byInstance[one.instance] = append(t.all, one), one
			for _, a := range in.Def.Addresses {
				t.byAddr[a.Prefix.Addr()] = one
			}
		}
	}
	return t
}

// of are the owners of an object; shared says that it belongs to none of them more than to the others.
func (t *touch) of(k spec.Key) (owners []owner, shared bool) {
	var one owner
	var ok bool
	switch k := k.(type) {
	case spec.ServiceKey:
		one, ok = t.byAddr[k.Addr.Addr()]
	case spec.DestKey:
		one, ok = t.byAddr[k.Service.Addr.Addr()]
	case spec.InstanceKey:
		one, ok = t.byInstance[k]
	default:
		if i, part := spec.PartOf(k).(spec.InstanceKey); part {
			one, ok = t.byInstance[i]
		}
	}
	if ok {
		return []owner{one}, false
	}
	return t.all, true
}
