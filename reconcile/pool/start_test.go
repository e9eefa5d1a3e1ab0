package pool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

// live is the kernel that a scene has led to.
func (s *scene) live() spec.State {
	f := spec.Facts{Now: s.now}
	f.Pools, f.Shift = s.p.Facts()
	want, _ := reconcile.Want(s.view, f)
	return want
}

// commit goes on with another view.
func (s *scene) commit(v spec.View) {
	s.p, s.view = pool.New(v, s.p, s.live(), s.now), v
}

// ask has the checks of real servers ask for weights: "11 0, 12 3".
func (s *scene) ask(weights string) {
	s.t.Helper()
	checks, _ := s.p.Checks()
	for word := range strings.SplitSeq(weights, ", ") {
		var n, weight int
		if _, err := fmt.Sscan(word, &n, &weight); err != nil {
			s.t.Fatal(err)
		}
		s.p.Judge([]spec.Verdict{{Check: checks[n-11], State: spec.CheckUp, Weight: int32(weight)}}, s.now)
	}
}

const asks = `health_check "exec" {
      command          = ["/bin/true"]
      weight_from_exit = true
    }`

// Weights that checks had asked for before a restart are gone on with until they say something.
func TestRestartKeepsWeights(t *testing.T) {
	asking := view(t, 2, asks, "")
	s := begin(t, asking, spec.State{})
	checks, _ := s.p.Checks()
	for i, c := range checks {
		if c.Kind == "exec" {
			s.p.Judge([]spec.Verdict{{Check: c, State: spec.CheckUp, Weight: int32([]int{0, 0, 3, 3}[i])}}, s.now)
		}
	}
	s.expect("11:0 12:3")
	again := begin(t, asking, s.live())
	again.expect("11:0 12:3")

	// A weight that no check asks for is not the checks'.
	byHand := begin(t, view(t, 2, "", ""), spec.State{})
	live := byHand.live()
	live.Dests[1].Value.Weight = 3
	begin(t, byHand.view, live).expect("11:10 12:10")
}

// A weight that was rising rises on.
func TestRestartWhileItRises(t *testing.T) {
	v := view(t, 2, `slow_start = "90s"`, "")
	for _, passed := range []time.Duration{0, 25 * time.Second, 50 * time.Second, 85 * time.Second} {
		s := begin(t, v, spec.State{})
		s.hear("11 up, 12 down")
		s.hear("12 up")
		s.now = s.now.Add(passed)
		s.p.Tick(s.now)
		before := s.rows()
		again := &scene{t, v, pool.New(v, nil, s.live(), s.now), s.now}
		again.expect(before)
		again.hear("11 up, 12 up")
		again.expect(before)
		again.now = again.now.Add(90 * time.Second)
		again.p.Tick(again.now)
		again.expect("11:10 12:10")
	}
}

// What an override made of a weight says nothing of the real server.
func TestRestartUnderAnOverride(t *testing.T) {
	v := view(t, 2, "quorum = 20\nsorry_server \"192.0.2.99\" {}", "")
	live := begin(t, v, spec.State{}).live()
	live.Dests[1].Value.Weight = 0
	s := &scene{t, v, pool.New(v, nil, live, noon, spec.Override{Key: server(12)}), noon}
	s.expect("11:10 12:10")
}

// What a commit does to a quorum and to who is in is told like what checks do.
func TestCommitIsNews(t *testing.T) {
	s := begin(t, view(t, 2, "quorum = 10", ""), spec.State{})
	s.hear("11 up, 12 up")
	s.news()
	s.commit(view(t, 2, "quorum = 20", ""))
	if got := s.news(); got != "" {
		t.Errorf("a quorum that is held: %q", got)
	}
	s.commit(view(t, 2, "quorum = 10", ""))
	s.hear("12 down")
	s.news()
	s.commit(view(t, 2, "quorum = 20", ""))
	if got := s.news(); got != "quorum down" {
		t.Errorf("a quorum that is lost by the commit: %q", got)
	}
	s.commit(view(t, 2, "quorum = 10", ""))
	if got := s.news(); got != "quorum up" {
		t.Errorf("and gained by the next: %q", got)
	}
}

// A check that a commit changed has no verdict, and its real server is shown so.
func TestCommitChangesAVerdict(t *testing.T) {
	s := begin(t, view(t, 2, "", ""), spec.State{})
	s.hear("11 up, 12 up")
	if got := s.p.Status(s.now).Servers; len(got) != 0 {
		t.Fatalf("%+v", got)
	}
	s.commit(view(t, 2, `health_check "tcp" { port = 81 }`, ""))
	if got := s.p.Status(s.now).Servers; len(got) != 2 || got[0].State != "unjudged" {
		t.Errorf("%+v", got)
	}
	s.expect("11:10 12:10")
}

// A quorum that all real servers together do not reach, as one of them drains, is lost when one leaves and gained when all are back:
// nothing else moves the clients to the sorry server and back.
func TestQuorumBeyondAll(t *testing.T) {
	s := begin(t, loaded(t, `
  virtual_server "web" {
    address      = "192.0.2.1"
    port         = 80
    protocol     = "tcp"
    scheduler    = "wlc"
    forwarding   = "nat"
    quorum       = 3
    health_check "tcp" {}
    sorry_server "192.0.2.99" {}
    real_server "192.0.2.11" { weight = 1 }
    real_server "192.0.2.12" { weight = 1 }
    real_server "192.0.2.13" { weight = 0 }
  }`), spec.State{})
	for range 2 {
		s.hear("11 up, 12 up, 13 up")
		s.expect("11:1 12:1 13:0")
	}
	s.hear("12 down")
	s.expect("99:1")
	s.hear("11 up")
	s.expect("99:1")
	s.hear("12 up")
	s.expect("11:1 12:1 13:0")
}
