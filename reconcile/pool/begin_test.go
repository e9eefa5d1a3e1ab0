package pool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

// Checks that began since a moment are counted until they have a verdict, over reloads too; what ran before is not.
func TestUnjudged(t *testing.T) {
	is := func(step string, p *pool.Pools, since time.Time, want string) {
		t.Helper()
		u := p.Unjudged(since)
		if got := fmt.Sprint(u.Checks, " ", strings.Join(u.Some, ", "), " ", u.Takes); got != want {
			t.Errorf("%s: %s, want %s", step, got, want)
		}
	}
	first := begin(t, view(t, 1, "", ""), spec.State{})
	is("not run yet", first.p, noon, "0  0s")
	first.p.Run(noon)
	is("run", first.p, noon, "1 tcp 192.0.2.11:80 15s") // jitter 4s, two more of 4s, timeout 3s

	later := noon.Add(time.Minute)
	p := pool.New(view(t, 6, "", ""), first.p, spec.State{}, later)
	if got := fmt.Sprint(p.Begins(first.p)); got != "[tcp 192.0.2.1:80]" {
		t.Errorf("begins %s", got)
	}
	p.Run(later)
	is("five are new", p, later, "5 tcp 192.0.2.12:80, tcp 192.0.2.13:80, tcp 192.0.2.14:80 15s")
	is("and one is older", p, noon, "6 tcp 192.0.2.11:80, tcp 192.0.2.12:80, tcp 192.0.2.13:80 15s")

	s := &scene{t, view(t, 6, "", ""), p, later}
	s.hear("12 up, 13 down")
	is("two are judged", p, later, "3 tcp 192.0.2.14:80, tcp 192.0.2.15:80, tcp 192.0.2.16:80 15s")
	again := pool.New(view(t, 6, "quorum = 10", ""), p, spec.State{}, later.Add(time.Minute))
	again.Run(later.Add(time.Minute))
	is("over a reload", again, later, "3 tcp 192.0.2.14:80, tcp 192.0.2.15:80, tcp 192.0.2.16:80 15s")
	is("which began none", again, later.Add(time.Minute), "0  0s")
	if got := again.Begins(p); len(got) != 0 || len(again.Begins(nil)) != 0 {
		t.Errorf("begins %v", got)
	}
}
