package agent

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/spec"
)

// Who is judged for the first time, and stays, is shown as judged.
func TestFirstVerdictIsShown(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1")
		r.start()
		if s := r.status().Health; s.Checked != 2 || len(s.Servers) != 2 || s.Servers[0].State != "unjudged" {
			t.Errorf("at first %+v", s)
		}
		r.check("21", spec.CheckUp)
		r.check("22", spec.CheckUp)
		r.pass(recordHealthEvery)
		if s := r.status().Health; len(s.Servers) != 0 {
			t.Errorf("after a verdict of each %+v", s.Servers)
		}
		r.end()
	})
}

// Each check that is run is known with the real servers that have it, before the first commit and after each.
func TestCheckedByCheck(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		a := r.open()
		if got := a.Checked(); len(got) != 0 {
			t.Errorf("before a commit: %v", got)
		}
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1\n90 rr 22=1")
		r.run(a)
		for step, want := range [][]string{{"80 21", "80 22", "90 22"}, {"80 21"}} {
			var got []string
			for _, c := range r.health.checks {
				for _, k := range r.agent.Checked()[c] {
					got = append(got, fmt.Sprint(k.Service.Addr.Port(), " ", k.Addr.Addr().As4()[3]))
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("step %d: %s", step, d)
			}
			if step == 0 {
				r.repo.commit("b", "a", "pool checked\n80 wrr 21=1")
				r.pass(r.cfg.Poll)
			}
		}
		r.end()
	})
}

// A snapshot has what checks and drains ask for: a diff elsewhere would take a real server that is out for one that is missing.
func TestSnapshotHasWhatIsAsked(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "pool checked\n80 wrr 21=3 22=1")
		r.start()
		r.check("21", spec.CheckDown)
		s, err := r.agent.Snapshot(t.Context())
		if err != nil || len(s.Pools) != 1 || len(s.Pools[0].Members) != 1 || !s.Pools[0].Members[0].Gone {
			t.Fatalf("pools %+v, %v", s.Pools, err)
		}
		if c := s.Configured; len(c) != 1 || c[0].Key != s.Pools[0].Members[0].Key || c[0].Value.Weight != 3 {
			t.Errorf("configured %+v", c)
		}
		r.end()
	})
}
