package spec

import "slices"

// Fleet is one configuration for all directors: every *.hcl file of the folder, loaded and checked.
type Fleet struct {
	Directors []Placed[Director] // by name
	Clusters  []Cluster          // by name
	Operators []Operator         // by name
	Policies  []Placed[Policy]   // by name
	Tests     []Placed[PolicyTest]
}

// View is one director's part of the fleet. It is what a director keeps on disk as its last known good.
type View struct {
	Director Placed[Director]
	Clusters []Cluster          // those it belongs to
	Others   []Placed[Director] // the other directors of these clusters, by name
	// Earlier are the directors of the wave before, which this one waits for; Later those of the wave after, which wait for it.
	Earlier, Later []Placed[Director]
	// Operators may ask this director, from wherever they are.
	Operators []Operator
	// Policies are those of the fleet: the next commit is judged by them too.
	Policies []Placed[Policy]
}

// DirectorNamed is a director of the view: its own, or one of the others.
func (v View) DirectorNamed(name string) (*Director, bool) {
	if v.Director.Def.Name == name {
		return v.Director.Def, true
	}
	for _, o := range v.Others {
		if o.Def.Name == name {
			return o.Def, true
		}
	}
	return nil, false
}

// Director is the view of one director; false when the fleet does not declare it.
func (f *Fleet) Director(name string) (View, bool) {
	for _, d := range f.Directors {
		if d.Def.Name == name {
			clusters := f.clustersOf(name)
			v := View{Director: d, Clusters: clusters, Others: f.others(name, clusters), Operators: f.Operators, Policies: f.Policies}
			v.Earlier, v.Later = f.around(v.Rollout().Wave)
			return v, true
		}
	}
	return View{}, false
}

func (f *Fleet) others(name string, clusters []Cluster) []Placed[Director] {
	var out []Placed[Director]
	for _, d := range f.Directors {
		if d.Def.Name != name && slices.ContainsFunc(clusters, func(c Cluster) bool { return c.Has(d.Def.Name) }) {
			out = append(out, d)
		}
	}
	return out
}

func (f *Fleet) clustersOf(name string) []Cluster {
	var out []Cluster
	for _, c := range f.Clusters {
		if c.Has(name) {
			out = append(out, c)
		}
	}
	return out
}

// PerDirector is an attribute that may be one value for all directors, or a map by director: `priority = 100` or
// `priority = { lb1 = 100, lb2 = 101 }`.
type PerDirector[T any] struct {
	All *T           // the one value
	By  map[string]T // or one for each
	At  Mark         // the attribute's value
}

// For is the value for a director; false when nothing is said for it.
func (p PerDirector[T]) For(director string) (T, bool) {
	if p.All != nil {
		return *p.All, true
	}
	v, ok := p.By[director]
	return v, ok
}
