package agent

import (
	"testing"

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
