package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec"
)

// seen is what directors know of their hosts, from files that `lbsync snapshot` wrote there.
type seen struct {
	files   []string
	facts   map[string]spec.HostFacts
	from    map[string]string // the file, by director
	missing []string          // directors that did not answer when the file was written
}

func (s *seen) read() error {
	s.facts, s.from, s.missing = map[string]spec.HostFacts{}, map[string]string{}, nil
	for _, name := range s.files {
		b, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read facts: %w", err)
		}
		all, missing, err := view.ReadSnapshots(b)
		if err != nil {
			return fmt.Errorf("read facts: %s: %w", name, err)
		}
		s.missing = append(s.missing, missing...)
		for _, one := range all {
			if err := s.add(name, one); err != nil {
				return fmt.Errorf("read facts: %s: %w", name, err)
			}
		}
	}
	return nil
}

func (s *seen) add(file string, one spec.Snapshot) error {
	if first, twice := s.from[one.Director]; twice {
		return fmt.Errorf("it is the second snapshot of director %q, after one in %s: leave out the older one", one.Director, first)
	}
	if one.Facts == nil {
		return fmt.Errorf("the snapshot of director %q has no facts: an older lbsync wrote it; upgrade the agent there and write it anew", one.Director)
	}
	s.facts[one.Director], s.from[one.Director] = *one.Facts, file
	return nil
}

// declared wants all of them to be directors of the fleet, as far as that could be loaded: facts of another fleet prove nothing of this one.
func (s *seen) declared(fleet *spec.Fleet, name string) error {
	if fleet == nil {
		return nil
	}
	var known []string
	for _, d := range fleet.Directors {
		known = append(known, d.Def.Name)
	}
	for _, director := range slices.Sorted(maps.Keys(s.facts)) {
		if !slices.Contains(known, director) {
			return fmt.Errorf("read facts: %s: it has those of director %q, which fleet %s does not declare (it has: %s); leave it out, or name the fleet's folder",
				s.from[director], director, name, cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	return nil
}

// taken is whose facts there are, and of when.
func (s *seen) taken() []view.FactsOf {
	var out []view.FactsOf
	for _, director := range slices.Sorted(maps.Keys(s.facts)) {
		out = append(out, view.FactsOf{Director: director, Taken: s.facts[director].Taken})
	}
	return out
}
