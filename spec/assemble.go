package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// draft is a fleet while it is put together: blocks that failed are missing.
type draft struct {
	*Fleet
	partial map[string]bool // clusters of which a part failed
	noBody  bool            // a director or cluster failed: names may be missing
	known   []string        // names of the directors

	operators []Placed[Operator]
}

// assemble puts the blocks together and finds those that are there twice.
func (l *load) assemble(works []*work) *draft {
	d := &draft{Fleet: &Fleet{}, partial: map[string]bool{}}
	built := map[*work]*Cluster{}
	for _, w := range works {
		if w.parent == nil {
			l.addTop(d, w, built)
			continue
		}
		l.addKid(d, w, built[w.parent])
	}
	slices.SortStableFunc(d.Directors, func(a, b Placed[Director]) int { return strings.Compare(a.Def.Name, b.Def.Name) })
	for _, x := range d.Directors {
		d.known = append(d.known, x.Def.Name)
	}
	d.Operators = sortedOperators(d.operators)
	slices.SortStableFunc(d.Policies, func(a, b Placed[Policy]) int { return strings.Compare(a.Def.Name, b.Def.Name) })
	for w, c := range built {
		if len(w.unit.def.(*shell).servers) > 0 || len(w.unit.def.(*shell).instances) > 0 {
			c.order()
		}
		d.Clusters = append(d.Clusters, *c)
	}
	slices.SortFunc(d.Clusters, func(a, b Cluster) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Base, b.Place.Base))
	})
	return d
}

func (l *load) addTop(d *draft, w *work, built map[*work]*Cluster) {
	if w.failed {
		d.noBody = true
		return
	}
	switch def := w.unit.def.(type) {
	case *Director:
		d.Directors = append(d.Directors, Placed[Director]{def, w.place()})
	case *Policy:
		d.Policies = append(d.Policies, Placed[Policy]{def, w.place()})
	case *PolicyTest:
		d.Tests = append(d.Tests, Placed[PolicyTest]{def, w.place()})
	case *Operator:
		d.operators = append(d.operators, Placed[Operator]{def, w.place()})
	case *shell:
		c := def.Cluster
		c.Place = w.place()
		c.VirtualServers = slices.Grow(c.VirtualServers, len(w.kids)+len(def.servers))
		for _, v := range def.servers {
			c.VirtualServers = append(c.VirtualServers, Placed[VirtualServer]{v, c.Place})
		}
		for _, i := range def.instances {
			c.Instances = append(c.Instances, Placed[VRRPInstance]{i, c.Place})
		}
		built[w] = &c
	}
}

func (l *load) addKid(d *draft, w *work, c *Cluster) {
	switch {
	case c == nil:
	case w.failed:
		d.partial[c.Name] = true
	default:
		switch def := w.unit.def.(type) {
		case *VirtualServer:
			c.VirtualServers = append(c.VirtualServers, Placed[VirtualServer]{def, w.place()})
		case *VRRPInstance:
			c.Instances = append(c.Instances, Placed[VRRPInstance]{def, w.place()})
		}
	}
}

// order puts blocks that a dynamic block made among those that are written, as they stand in the file.
func (c *Cluster) order() {
	slices.SortStableFunc(c.VirtualServers, func(a, b Placed[VirtualServer]) int {
		return cmp.Compare(a.Place.Base+a.Def.At.Line, b.Place.Base+b.Def.At.Line)
	})
	slices.SortStableFunc(c.Instances, func(a, b Placed[VRRPInstance]) int {
		return cmp.Compare(a.Place.Base+a.Def.At.Line, b.Place.Base+b.Def.At.Line)
	})
}

// check judges what blocks say together.
func (l *load) check(d *draft) {
	if len(d.Directors)+len(d.Clusters) == 0 && !d.noBody && !l.report.failed() {
		l.report.error(nowhere(l.files[0].name), "No director", `The fleet declares no director, so it is nobody's: write director "NAME" { } for each host.`)
	}
	l.checkNames(d)
	l.checkKeys(d)
	l.checkInstances(d)
	for i := range d.Clusters {
		c := &checker{load: l, draft: d, cluster: &d.Clusters[i], twin: l.twin(d, i)}
		c.check()
	}
	l.checkMembers(d)
	l.checkWaves(d)
	l.checkServices(d)
	l.checkPaths(d)
}

func (l *load) checkNames(d *draft) {
	seen := map[string]Pos{}
	for _, x := range d.Directors {
		l.once(seen, "director", x.Def.Name, x.Place.Pos(x.Def.At))
	}
	seen = map[string]Pos{}
	for _, o := range d.operators {
		l.once(seen, "operator", o.Def.Name, o.Place.Pos(o.Def.At))
	}
	seen = map[string]Pos{}
	for _, p := range d.Policies {
		l.once(seen, "policy", p.Def.Name, p.Place.Pos(p.Def.At))
	}
	seen = map[string]Pos{}
	for _, t := range d.Tests {
		l.once(seen, "policy_test", t.Def.Name, t.Place.Pos(t.Def.At))
	}
	seen = map[string]Pos{}
	for _, c := range d.Clusters {
		l.once(seen, "cluster", c.Name, c.Place.Pos(c.At))
	}
}

// once reports a name that is there already.
func (l *load) once(seen map[string]Pos, what, name string, at Pos) {
	if first, dup := seen[name]; dup {
		l.report.at(at, fmt.Sprintf("Second %s %q", what, name), fmt.Sprintf("There is %s %s %q in %s already: give one another name, or merge the two.", article(what), what, name, first))
		return
	}
	seen[name] = at
}

func article(what string) string {
	if strings.ContainsAny(what[:1], "aeiou") {
		return "an"
	}
	return "a"
}
