package main

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// priors are the views of all directors in the fleet that a change starts from, for the rules that look at the change: that of a folder,
// or of a revision of the work tree that dir is in. Nothing is asked for by "".
func (a *app) priors(dir, base string) ([]*spec.View, error) {
	if base == "" {
		return nil, nil
	}
	if rev, ok := strings.CutPrefix(base, "rev:"); ok {
		_, l, err := a.fleetAt(dir, rev)
		return views(l), err
	}
	name, fsys, err := folder([]string{base})
	if err != nil {
		return nil, fmt.Errorf("--base: %w", err)
	}
	l := load(fsys, grounds{})
	if l.fleet == nil {
		return nil, a.unloadable("base "+name, l)
	}
	return views(l), nil
}

// views are those of all directors.
func views(l loaded) []*spec.View {
	if l.fleet == nil {
		return nil
	}
	out := make([]*spec.View, len(l.fleet.Directors))
	for i, d := range l.fleet.Directors {
		v, _ := l.fleet.Director(d.Def.Name)
		out[i] = &v
	}
	return out
}
