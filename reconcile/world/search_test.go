package world

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// scenario is a world to search.
type scenario struct {
	name    string
	n       int
	commits []commit
	masters [2]int
	left    budget
	most    int // states
}

// search takes a scenario through every interleaving of its steps, breadth first, until one of them breaks an invariant, all are seen or
// the bound is reached.
type search struct {
	*decider
	steps  []step
	from   []origin // of each state
	states map[uint64]bool
	well   map[uint64]bool // worlds from which all becomes well
	all    bool            // nothing was left out
}

// origin is how a state was reached.
type origin struct {
	parent int32
	step   int16
}

func searching(sc scenario, m mutant) *search {
	return &search{decider: newDecider(sc.n, sc.commits, m), steps: stepsOf(sc.n), states: map[uint64]bool{}, well: map[uint64]bool{}}
}

// run returns the steps that lead to what is wrong, and what that is.
func (s *search) run(sc scenario) (path []string, wrong string) {
	first := s.begin(sc.masters, sc.left)
	s.states[first.hash()] = true
	s.from = []origin{{-1, 0}}
	layer, at := []world{first}, 0
	for len(layer) > 0 {
		var next []world
		for _, w := range layer {
			for i, st := range s.steps {
				after, possible := s.take(w, st)
				if !possible {
					continue
				}
				h := after.hash()
				if s.states[h] {
					continue
				}
				s.states[h] = true
				s.from = append(s.from, origin{int32(at), int16(i)})
				why := s.wrong(&w, &after, st)
				var then []string
				if why == "" {
					then, why = s.ends(after)
				}
				if why != "" {
					return append(s.path(len(s.from)-1), then...), why
				}
				if len(s.states) >= sc.most {
					return nil, ""
				}
				next = append(next, after)
			}
			at++
		}
		layer = next
	}
	s.all = true
	return nil, ""
}

// path are the steps to a state.
func (s *search) path(state int) []string {
	var out []string
	for at := s.from[state]; at.parent >= 0; at = s.from[at.parent] {
		out = append([]string{s.steps[at.step].String()}, out...)
	}
	return out
}

// ends lets nothing more go wrong and everybody take its steps in turn, and says what is not well in the end.
// The steps are for a replay, which begins with what came before.
func (s *search) ends(w world) (steps []string, wrong string) {
	w.left = budget{}
	w.elect()
	steps = []string{calm}
	var passed []uint64
	for range 200 {
		h := w.hash()
		if s.well[h] {
			break
		}
		passed = append(passed, h)
		moved := false
		for _, st := range s.steps {
			after, possible := s.take(w, st)
			if !possible || st.kind == misses && w.nodes[st.b].up {
				continue
			}
			steps = append(steps, st.String())
			if why := s.wrong(&w, &after, st); why != "" {
				return steps, why
			}
			w, moved = after, true
		}
		if !moved {
			if why := s.unwell(&w); why != "" {
				return steps, "at rest, " + why
			}
			break
		}
		if len(passed) == 200 {
			return steps, "it never comes to rest"
		}
	}
	for _, h := range passed {
		s.well[h] = true
	}
	return nil, ""
}

// calm is the line of a script from which on nothing goes wrong any more.
const calm = "nothing goes wrong any more"

// elect leaves each instance one master, as VRRP does in the end.
func (w *world) elect() {
	w.nodes = slices.Clone(w.nodes)
	for at := range instances {
		first := -1
		for i := range w.nodes {
			if bit := uint8(1) << at; w.nodes[i].roles&bit != 0 && first < 0 {
				first = i
			} else {
				w.nodes[i].roles &^= bit
			}
		}
		if first < 0 {
			w.nodes[len(w.nodes)-1].roles |= 1 << at
		}
	}
}

// unwell is what a world at rest lacks. Where a commit was taken back, all that is asked is that nobody is in the middle of something.
func (s *search) unwell(w *world) string {
	taken := false
	for i := range w.nodes {
		taken = taken || w.nodes[i].reverted == w.tip
	}
	for i := range w.nodes {
		n := &w.nodes[i]
		want := kernelOf(s.wanted(i, n))
		switch {
		case n.doing.on || n.trial.on || n.turn.taken || n.begun != nothing:
			return fmt.Sprintf("%s is in the middle of %s", name(i), id(n.held))
		case !taken && (n.held != w.tip || n.confirmed != w.tip || n.pending != nothing || n.late):
			return fmt.Sprintf("%s holds %s and confirmed %s, the branch is at %s", name(i), id(n.held), id(n.confirmed), id(w.tip))
		case n.kernel.ids[0] == stopped || !taken && (n.kernel != want || n.kernel.ids[1] == 0):
			return fmt.Sprintf("the kernel of %s has %+v, and should have %+v", name(i), n.kernel, want)
		}
	}
	return ""
}

// replay takes the steps that a text names, one a line, and returns what is wrong at the end of them.
func replay(sc scenario, m mutant, text string) (string, error) {
	s := searching(sc, m)
	w := s.begin(sc.masters, sc.left)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if line == calm {
			w.left = budget{}
			w.elect()
			continue
		}
		found := false
		for _, st := range s.steps {
			if st.String() != line {
				continue
			}
			after, possible := s.take(w, st)
			if !possible {
				return "", fmt.Errorf("%q is not possible here", line)
			}
			if why := s.wrong(&w, &after, st); why != "" {
				return why, nil
			}
			after.hash() // numbers the serials as the search does
			w, found = after, true
		}
		if !found {
			return "", fmt.Errorf("no step %q", line)
		}
	}
	_, wrong := s.ends(w)
	return wrong, nil
}

// wanted is what the kernel of a director should have.
func (s *search) wanted(self int, n *node) spec.State {
	want, _ := reconcile.Want(s.views[n.held][self], s.facts(self, n))
	return want
}
