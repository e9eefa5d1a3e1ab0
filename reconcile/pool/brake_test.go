package pool_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

// downs are the verdicts of real servers that fail: "11 down, 12 down".
func downs(from, to int) string {
	var out []string
	for n := from; n <= to; n++ {
		out = append(out, fmt.Sprintf("%d down", n))
	}
	return strings.Join(out, ", ")
}

// A commit, whatever is in it, does not take out who is held.
func TestCommitUnderABrake(t *testing.T) {
	for name, c := range map[string]struct {
		n     int
		brake string
	}{"of a service": {4, "brake { service = 50 }"}, "of all checks": {12, ""}} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, view(t, c.n, "", c.brake), spec.State{})
			before := s.rows()
			s.hear(downs(11, 11+c.n-2))
			s.expect(before)
			s.news()
			s.commit(view(t, c.n, "", c.brake))
			s.expect(before)
			if got := s.news(); got != "" {
				t.Error(got)
			}
		})
	}
}

// A brake for which too few fail after a commit is let go, though no verdict comes any more.
func TestCommitLetsTheBrakeGo(t *testing.T) {
	for name, c := range map[string]struct {
		was, next spec.View
		fail      string
		rows      string
	}{
		"another limit":        {view(t, 10, "", ""), view(t, 10, "", "brake { all = 100 }"), downs(11, 16), "17:10 18:10 19:10 20:10"},
		"of a service":         {view(t, 4, "", "brake { service = 50 }"), view(t, 4, "", "brake { service = 80 }"), downs(11, 13), "14:10"},
		"who fails is removed": {view(t, 20, "", ""), view(t, 10, "", ""), downs(20, 30), "11:10 12:10 13:10 14:10 15:10 16:10 17:10 18:10 19:10"},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, c.was, spec.State{})
			before := s.rows()
			s.hear(c.fail)
			s.expect(before)
			s.news()
			s.now = s.now.Add(time.Hour)
			s.commit(c.next)
			s.expect(c.rows)
			if got := s.news(); !strings.HasPrefix(got, "brake off, real_server down") {
				t.Error(got)
			}
		})
	}
}

// Who is out already does not fail anew.
func TestBrakeAfterARestart(t *testing.T) {
	v := view(t, 10, "", "brake { service = 50 }")
	live := begin(t, v, spec.State{}).live()
	live.Dests = live.Dests[6:] // 11 to 16 are out, for days
	s := begin(t, v, live)
	s.hear(downs(11, 16))
	s.hear("17 up, 18 up, 19 up, 20 up")
	s.now = s.now.Add(24 * time.Hour)
	s.hear("17 down")
	s.expect("18:10 19:10 20:10")
}

// A network that is back is noticed by some checks before others: nobody who was held leaves for that.
func TestBrakeWhileAllComeBack(t *testing.T) {
	s := begin(t, view(t, 20, "", ""), spec.State{})
	before := s.rows()
	s.hear(downs(11, 30))
	s.expect(before)
	for n := 11; n <= 30; n++ {
		s.now = s.now.Add(300 * time.Millisecond)
		s.hear(fmt.Sprintf("%d up", n))
		s.expect(before)
		s.p.Tick(s.now)
		s.expect(before)
	}
	s.now = s.now.Add(time.Hour)
	s.p.Tick(s.now)
	s.expect(before)
}

// A brake outlives a restart: who was held stays, until it is clear that fewer fail.
func TestBrakeOverARestart(t *testing.T) {
	for name, c := range map[string]struct {
		n     int
		brake string
	}{"of all checks": {12, ""}, "of a service": {4, "brake { service = 50 }"}} {
		t.Run(name, func(t *testing.T) {
			v := view(t, c.n, "", c.brake)
			s := begin(t, v, spec.State{})
			last := 10 + c.n
			s.hear("11 down") // which is out
			s.now = s.now.Add(time.Hour)
			s.hear(downs(12, last))
			held := s.rows()
			again := &scene{t, v, pool.New(v, nil, s.live(), s.now), s.now}
			again.p.Resume(s.p.On())
			again.expect(held)
			for n := 11; n <= last; n++ {
				again.hear(fmt.Sprintf("%d down", n))
				again.expect(held)
			}
			if got, want := fmt.Sprint(again.p.On()), fmt.Sprint(s.p.On()); got != want {
				t.Errorf("on are %s, want %s", got, want)
			}

			// The same where the network is back meanwhile.
			back := &scene{t, v, pool.New(v, nil, s.live(), s.now), s.now}
			back.p.Resume(s.p.On())
			for n := 12; n <= last; n++ {
				back.hear(fmt.Sprintf("%d up", n))
				back.expect(held)
			}
			if len(back.p.On()) != 0 {
				t.Errorf("on is %v", back.p.On())
			}
		})
	}
}

// Two directors that see the same believe it, whatever percent that is, and however many services it is about.
func TestBrakesOfBothAreReleased(t *testing.T) {
	s := begin(t, view(t, 12, "", "brake { all = 33 }"), spec.State{})
	before := s.rows()
	s.hear(downs(11, 14))
	s.expect(before)
	s.p.Hear(s.p.Failing(), s.now)
	s.expect("15:10 16:10 17:10 18:10 19:10 20:10 21:10 22:10")

	many := func() *pool.Pools { return pool.New(manyServices(t), nil, spec.State{}, noon) }
	a, b := many(), many()
	for _, p := range []*pool.Pools{a, b} {
		checks, _ := p.Checks()
		var all []spec.Verdict
		for _, c := range checks {
			all = append(all, spec.Verdict{Check: c, State: spec.CheckDown, Weight: -1})
		}
		p.Judge(all, noon)
	}
	for range 2 {
		fromA, fromB := a.Failing(), b.Failing()
		a.Hear(fromB, noon)
		b.Hear(fromA, noon)
	}
	if a.Braked() || b.Braked() {
		t.Error("a brake is on though the other director sees the same")
	}
}

// manyServices is a view of more services than a director names as failing, each with a brake, and two real servers that are checked.
func manyServices(t *testing.T) spec.View {
	text := "  brake {\n    all     = 100\n    service = 50\n  }\n"
	for i := range 2 {
		text += fmt.Sprintf(`
  virtual_server "web%d" {
    address    = "192.0.2.%[1]d"
    ports      = [for i in range(%[2]d) : 1000 + i]
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "nat"
    health_check "tcp" {}
    real_server "192.0.2.11" {}
    real_server "192.0.2.12" {}
  }
`, i+1, spec.MostFailing*3/5)
	}
	return loaded(t, text)
}

// loaded is lb1's view of a cluster.
func loaded(t *testing.T, cluster string) spec.View {
	t.Helper()
	f, _, diags := spec.LoadFS(fstest.MapFS{"f.hcl": {Data: []byte("director \"lb1\" {}\ndirector \"lb2\" {}\ncluster \"web\" {\n  directors = [\"lb1\", \"lb2\"]\n" + cluster + "\n}\n")}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, _ := f.Director("lb1")
	return v
}

// What slow checks notice late is the same event, though fast ones fail in between.
func TestBrakeOfMixedIntervals(t *testing.T) {
	var b strings.Builder
	for _, of := range []struct {
		name, interval string
		from, to       int
	}{{"slow", "60s", 11, 30}, {"fast", "2s", 41, 44}} {
		fmt.Fprintf(&b, `
  virtual_server %q {
    address    = "192.0.2.1"
    port       = %d
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "nat"
    health_check "tcp" {
      interval = %q
      timeout  = "1s"
    }
`, of.name, 70+of.from, of.interval)
		for n := of.from; n <= of.to; n++ {
			fmt.Fprintf(&b, "    real_server \"192.0.2.%d:80\" {}\n", n)
		}
		b.WriteString("  }\n")
	}
	s := begin(t, loaded(t, b.String()), spec.State{})
	for n := range 20 {
		s.now = s.now.Add(2900 * time.Millisecond)
		s.hear(fmt.Sprintf("%d down", 11+n))
		if n%4 == 3 {
			s.hear(fmt.Sprintf("%d down", 41+n/4%4))
			s.hear(fmt.Sprintf("%d up", 41+n/4%4))
		}
	}
	if got := s.p.Status(s.now); got.Brake == nil {
		t.Errorf("no brake: %d servers are not simply in", len(got.Servers))
	}
}
