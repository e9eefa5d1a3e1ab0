package world

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var states = flag.Int("states", 8000, "search each scenario up to this many states")

var (
	before  = commit{web: 1, db: 1, syncid: 11}
	weights = commit{web: 2, db: 2, syncid: 11}
	syncid  = commit{web: 1, db: 1, syncid: 12}
	both    = commit{web: 2, db: 2, syncid: 12}
)

// scenarios of two directors. What may go wrong is bounded; when it does, and what happens beside, is not.
var scenarios = []scenario{
	{name: "weights, nothing goes wrong", commits: []commit{before, weights}},
	{name: "weights, active/active", commits: []commit{before, weights}, masters: [2]int{0, 1}},
	{name: "weights, a crash", commits: []commit{before, weights}, left: budget{crashes: 1}},
	{name: "weights, a reboot", commits: []commit{before, weights}, left: budget{reboots: 1}},
	{name: "weights, the role moves", commits: []commit{before, weights}, left: budget{moves: 2}},
	{name: "active/active, a crash", commits: []commit{before, weights}, masters: [2]int{0, 1}, left: budget{crashes: 1}},
	{name: "a commit that fails on lb2", commits: []commit{before, {web: 2, db: 2, syncid: 11, bad: 2}}, left: budget{crashes: 1}},
	{name: "a commit that fails on lb1", commits: []commit{before, {web: 2, db: 2, syncid: 11, bad: 1}}},
	{name: "two commits", commits: []commit{before, weights, {web: 3, db: 2, syncid: 11}}, left: budget{pushes: 2}},
	{name: "two commits, the second changes nothing more", commits: []commit{before, weights, weights}, masters: [2]int{0, 1}, left: budget{pushes: 2}},
	{name: "a syncid, nothing goes wrong", commits: []commit{before, syncid}},
	{name: "a syncid, a crash", commits: []commit{before, syncid}, left: budget{crashes: 1}},
	{name: "a syncid, two crashes", commits: []commit{before, syncid}, left: budget{crashes: 2}},
	{name: "weights and a syncid, a crash", commits: []commit{before, both}, left: budget{crashes: 1}},
	{name: "an operator proceeds", commits: []commit{before, weights}, left: budget{crashes: 1, releases: 1}},
}

// all of a scenario that is not written: two directors, one commit.
func (sc scenario) whole() scenario {
	if sc.n == 0 {
		sc.n = 2
	}
	if sc.left.pushes == 0 {
		sc.left.pushes = 1
	}
	if sc.most == 0 {
		sc.most = *states
	}
	return sc
}

func TestEveryInterleaving(t *testing.T) {
	total, decisions := 0, 0
	began := time.Now()
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			s := searching(sc.whole(), mutant{})
			path, wrong := s.run(sc.whole())
			bound := "all there are"
			if !s.all {
				bound = "the bound; -states looks further"
			}
			t.Logf("%d states (%s), %d decisions", len(s.states), bound, len(s.known))
			total, decisions = total+len(s.states), decisions+len(s.known)
			if wrong != "" {
				t.Errorf("%s, after\n%s", wrong, strings.Join(path, "\n"))
			}
		})
	}
	t.Logf("%d states and %d decisions in %v", total, decisions, time.Since(began).Round(time.Second))
}

// Whatever is taken away from the decisions, the search finds what goes wrong then: so it would find it.
func TestSearchFindsMutants(t *testing.T) {
	peers := func(f *spec.Facts, alter func(name string, p *spec.PeerFact)) {
		for name, p := range f.Peers {
			if p.Report != nil {
				r := *p.Report
				p.Report = &r
			}
			alter(name, &p)
			f.Peers[name] = p
		}
	}
	for _, tc := range []struct {
		name  string
		sc    scenario
		m     mutant
		wrong string
	}{
		{"the turn is ignored", scenario{commits: []commit{before, weights}, masters: [2]int{0, 1}}, mutant{gate: func(in *reconcile.GateInput) {
			in.Turn = spec.Turn{Commit: in.Commit, Taken: true}
		}}, "did not confirm it"},
		{"who heard the wish is ignored", scenario{commits: []commit{before, weights}, masters: [2]int{0, 1}}, mutant{gate: func(in *reconcile.GateInput) {
			peers(&in.Facts, func(_ string, p *spec.PeerFact) {
				if p.Report != nil {
					p.Report.Heard = map[string]uint64{in.View.Director.Def.Name: 100}
				}
			})
		}}, "did not confirm it"},
		{"evidence is ignored", scenario{commits: []commit{before, weights}}, mutant{gate: func(in *reconcile.GateInput) {
			peers(&in.Facts, func(_ string, p *spec.PeerFact) {
				if p.Report != nil {
					p.Report.Commit, p.Report.Confirmed, p.Report.Settled, p.Report.Unproven, p.Report.Waiting, p.Report.Rendering = in.Commit, in.Commit, true, false, nil, in.Rendering
				}
			})
		}}, "never confirmed"},
		{"evidence is good health, of whatever commit", scenario{commits: []commit{before, weights}}, mutant{gate: func(in *reconcile.GateInput) {
			peers(&in.Facts, func(_ string, p *spec.PeerFact) {
				if p.Report != nil && p.Report.Confirmed == p.Report.Commit {
					p.Report.Commit, p.Report.Confirmed, p.Report.Rendering = in.Commit, in.Commit, in.Rendering
				}
			})
		}}, "never confirmed"},
		{"a trial counts as confirmed", scenario{commits: []commit{before, weights}}, mutant{gate: func(in *reconcile.GateInput) {
			peers(&in.Facts, func(_ string, p *spec.PeerFact) {
				if p.Report != nil {
					p.Report.Confirmed, p.Report.Unproven, p.Report.Turn = p.Report.Commit, false, spec.Turn{}
				}
			})
		}}, "confirm"},
		{"no bridge", scenario{commits: []commit{before, syncid}}, mutant{want: func(f *spec.Facts) { f.Peers, f.Daemons = nil, nil }}, "accepts syncid"},
		{"the backup does not open", scenario{commits: []commit{before, syncid}}, mutant{want: func(f *spec.Facts) {
			peers(f, func(_ string, p *spec.PeerFact) {
				if p.Report != nil {
					p.Report.Daemons = nil
				}
			})
		}}, "accepts syncid"},
		{"a director that was not heard yet counts as none", scenario{commits: []commit{before, syncid}, left: budget{crashes: 1}}, mutant{want: func(f *spec.Facts) {
			for name, p := range f.Peers {
				if p.Report == nil {
					delete(f.Peers, name)
				}
			}
		}}, "accepts syncid"},
		{"a syncid takes the turn for the rest", scenario{n: 3, commits: []commit{before, both}, masters: [2]int{2, 2}}, mutant{grabs: true}, "did not confirm it"},
		{"the intent forgets the trial", scenario{commits: []commit{before, weights}, left: budget{crashes: 1}}, mutant{forgets: true}, "never awaited"},
		{"a commit that changes nothing more ends the trial", scenario{commits: []commit{before, weights, weights}, left: budget{pushes: 2}}, mutant{cuts: true}, "confirm"},
		{"the rest of a commit goes on while a newer one waits", scenario{commits: []commit{before, weights, {web: 3, db: 2, syncid: 11}}, masters: [2]int{0, 1}, left: budget{pushes: 2}},
			mutant{goesOn: true}, "confirm"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc := tc.sc.whole()
			sc.most = 200000
			s := searching(sc, tc.m)
			path, wrong := s.run(sc)
			if !strings.Contains(wrong, tc.wrong) || wrong == "" {
				t.Fatalf("%d states (all: %t), and what is wrong is %q, want %q", len(s.states), s.all, wrong, tc.wrong)
			}
			t.Logf("%s, after %d steps and %d states:\n%s", wrong, len(path), len(s.states), strings.Join(path, "\n"))
			again, err := replay(sc, tc.m, strings.Join(path, "\n"))
			if err != nil || again != wrong {
				t.Errorf("replayed: %q, %v", again, err)
			}
			sound, err := replay(sc, mutant{}, strings.Join(path, "\n"))
			if err == nil && sound != "" {
				t.Errorf("the same steps without the mutant: %s", sound)
			}
		})
	}
}
