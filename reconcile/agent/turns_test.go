package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// settled waits for all directors to hold a commit, confirmed and with nothing that waits, and says after ten minutes that they do not.
func (s *simulation) settled(commit string) {
	s.t.Helper()
	for range 600 {
		if s.differs(commit) == "" {
			return
		}
		s.pass(time.Second)
	}
	s.t.Errorf("%s is not settled: %s", commit, s.differs(commit))
}

// differs is what a director lacks of holding a commit.
func (s *simulation) differs(commit string) string {
	for _, name := range s.names {
		d := s.directors[name]
		if d.agent == nil {
			return name + " does not run"
		}
		switch st := d.agent.Status(); {
		case st.Applied == nil || st.Applied.Commit.ID != id(commit) || st.Confirmed != id(commit):
			return name + " holds " + strings.TrimRight(st.Confirmed, "0") + " and is " + string(st.Phase) + describe(st)
		case st.Pending != nil || len(st.Holds) > 0 || st.Trial != nil || st.Phase != spec.Idle:
			return name + " is " + string(st.Phase) + describe(st)
		}
	}
	return ""
}

func describe(s spec.Status) string {
	out := ""
	for _, h := range s.Holds {
		out += "; " + h.Why
	}
	for _, f := range s.Failures {
		out += "; " + f.Error
	}
	if s.Refusal != nil {
		out += "; refused " + s.Refusal.Commit.Short() + ": " + s.Refusal.Reason
	}
	return out
}

// ordered fails the test where something broke an invariant.
func (s *simulation) ordered() {
	s.t.Helper()
	for _, w := range s.trace.broken() {
		s.t.Error(w)
	}
}

func TestOneAtATime(t *testing.T) {
	for name, fleet := range map[string]string{
		"weights":              "web=2 db=2 syncid=11",
		"one instance":         "web=2 db=1 syncid=11",
		"a syncid":             "web=1 db=1 syncid=12",
		"weights and a syncid": "web=2 db=2 syncid=12",
		"a sysctl":             "web=1 db=1 syncid=11 sysctl=1",
		"everything":           "web=2 db=2 syncid=12 sysctl=1",
		"nothing":              "web=1 db=1 syncid=11 note=1",
	} {
		for n := 2; n <= 4; n++ {
			for _, active := range []uint64{0, 1} { // one master, or active/active
				t.Run(name, func(t *testing.T) {
					simulate(t, n, active, func(s *simulation) {
						c := s.push(fleet)
						s.settled(c)
						s.ordered()
					})
				})
			}
		}
	}
}

// A newer commit that changes nothing more does not end the trial of the one before.
func TestNewerCommitWithoutChangesIsOnTrialToo(t *testing.T) {
	simulate(t, 2, 0, func(s *simulation) {
		lb2 := s.directors["lb2"]
		s.push("web=2 db=2 syncid=11")
		s.until(func() bool { return lb2.agent.Status().Trial != nil })
		c := s.push("web=2 db=2 syncid=11 note=1")
		if _, err := lb2.agent.Do(s.t.Context(), spec.Command{Verb: spec.Refresh}); err != nil {
			s.t.Error(err)
		}
		if st := lb2.agent.Status(); st.Applied.Commit.ID != id(c) || st.Trial == nil || st.Confirmed == id(c) {
			s.t.Errorf("applied %s, trial %+v, confirmed %s", st.Applied.Commit.Short(), st.Trial, st.Confirmed)
		}
		s.settled(c)
		s.ordered()
	})
}

// until waits for something that has to come within a minute.
func (s *simulation) until(so func() bool) {
	s.t.Helper()
	for range 600 {
		if so() {
			return
		}
		s.pass(100 * time.Millisecond)
	}
	s.t.Error("waited for a minute in vain")
}

// An agent that dies at any point of a commit takes up its trial, and nobody else begins before it is over.
func TestKilledInATurn(t *testing.T) {
	for _, who := range []string{"lb1", "lb2", "lb3"} {
		for point := 1; point < 80; point += 5 {
			t.Run(who, func(t *testing.T) {
				simulate(t, 3, 1, func(s *simulation) {
					s.directors[who].fate.in(point)
					c := s.push("web=2 db=2 syncid=12")
					for range 40 {
						s.pass(time.Second)
						if d := s.directors[who]; d.agent == nil {
							d.start()
						}
					}
					s.settled(c)
					s.ordered()
				})
			})
		}
	}
}

// A director that is told not to apply the commit after all does not hold up the one whose turn comes after it.
func TestWishEndsWithItsCause(t *testing.T) {
	for name, end := range map[string]func(s *simulation, d *director) string{
		"suspended": func(s *simulation, d *director) string {
			s.command(d, spec.Command{Verb: spec.Suspend, Reason: "test"})
			return s.heads[0]
		},
		"refused": func(s *simulation, d *director) string {
			d.refuses.Store(true)
			return s.push("web=3 db=1 syncid=11")
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, 4, 0, func(s *simulation) {
				lb2, lb3, lb4 := s.directors["lb2"], s.directors["lb3"], s.directors["lb4"]
				lb4.kill() // nobody begins before it was heard
				c := s.push("web=2 db=1 syncid=11")
				s.until(func() bool { p := lb3.end.Facts()["lb2"]; return p.Report != nil && p.Report.Turn.Commit == id(c) })
				c = end(s, lb2)
				s.until(func() bool { return lb3.end.Facts()["lb2"].Report.Turn.Commit == "" })
				lb4.start()
				s.until(func() bool { return lb3.agent.Status().Confirmed == id(c) && lb4.agent.Status().Confirmed == id(c) })
				s.ordered()
			})
		})
	}
}
