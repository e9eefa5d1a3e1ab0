package agent

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// killed is the panic of a process that dies; nothing recovers it but the test.
type killed struct{ point string }

// reaper counts the points at which a process may die, and kills it at one.
type reaper struct {
	n, at  int
	points []string
}

func (k *reaper) pass(point string) {
	k.n++
	k.points = append(k.points, point)
	if k.n == k.at {
		panic(killed{point})
	}
}

// mortal is a journal that a process may die before and after.
type mortal struct {
	Journal
	reaper interface{ pass(point string) }
}

func (m mortal) Append(recs ...journal.Record) ([]journal.Record, error) {
	what := "append " + recs[0].Event.String()
	m.reaper.pass("before " + what)
	out, err := m.Journal.Append(recs...)
	m.reaper.pass("after " + what)
	return out, err
}

// story is what happens around the agent; every commit of it has the service of port 80 with a usable real server.
var story = []func(r *rig){
	func(r *rig) { r.repo.commit("a", "", "80 wrr 21=1 22=1\n90 rr 30=1") },
	func(r *rig) { r.repo.commit("b", "a", "80 wlc 22=2 23=1\n443 rr 40=1") },
	func(r *rig) { r.byHand("80 wlc 22=9 23=1") },
	func(r *rig) { r.repo.commit("c", "b", "80 wlc 22=0 24=1\n443 rr 40=1\n444 rr 40=1") },
	func(r *rig) { _, _ = r.do(spec.Rollback, "b", 0) },
	func(r *rig) { r.repo.commit("d", "c", "80 wlc 22=0 24=1\n443 rr 40=1\n444 rr 40=1\n# as before") },
	func(r *rig) { r.repo.commit("e", "d", "80 wlc 22=3 25=1\n445 rr 40=1") },
}

const storyEnds = "80 wlc 22=3 25=1\n445 rr 40=1"

// mortalRun runs the agent until it is stopped or dies; dead tells where.
func (r *rig) mortalRun(ctx context.Context, k *reaper) (dead string) {
	a := r.open()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case killed:
			dead = p.point
		default:
			panic(p)
		}
		// The kernel closes a dead process's files, and so its locks go.
		_ = a.lock.Close()
		_ = a.journal.Close()
	}()
	r.agent = a
	if err := a.Run(ctx); err != nil {
		r.t.Errorf("run: %v", err)
	}
	return ""
}

// live runs the story once, dying where the reaper says, and returns where that was.
func live(t *testing.T, r *rig, k *reaper) string {
	r.wrap = func(j Journal) Journal { return mortal{j, k} }
	r.at = k.pass
	r.faults = []reconciletest.Fault{func(_ int, c spec.Change) error { k.pass("kernel " + c.Key.String()); return nil }}
	r.kernel.Inject(r.faults...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan string, 1)
	died := ""
	revive := func() { go func() { ended <- r.mortalRun(ctx, k) }(); synctest.Wait() }
	revive()
	for _, chapter := range story {
		chapter(r)
		for range 4 {
			r.pass(20 * time.Second)
			select {
			case died = <-ended:
				k.at = 0
				revive()
			default:
			}
		}
	}
	cancel()
	if d := <-ended; d != "" {
		died = d
	}
	return died
}

// converged checks what has to be so after any life.
func (r *rig) converged() {
	r.t.Helper()
	report, err := journal.Verify(r.journalDir())
	if err != nil || !report.OK() {
		r.t.Errorf("the journal does not verify: %v, %+v", err, report)
	}
	for _, op := range r.kernel.History() {
		if k, ok := op.Change.Key.(spec.ServiceKey); ok && k.Addr.Port() == 80 && op.Change.Action == spec.Remove {
			r.t.Errorf("the service that every commit has was removed")
		}
	}
	r.wrap, r.at, r.faults = nil, nil, nil
	r.kernel.Inject()
	ops := len(r.kernel.History())
	r.start()
	r.holds(storyEnds)
	if n := len(r.kernel.History()) - ops; n != 0 {
		r.t.Errorf("the first plan after the restart has %d changes", n)
	}
	r.phase(spec.Idle)
	if s := r.status(); s.Applied == nil || s.Applied.Commit.ID != id("e") || s.Pin != nil || len(s.Foreign) != 0 {
		r.t.Errorf("status %+v", s)
	}
	r.end()
}

// An agent that is killed at any write of the journal, any operation on the state folder and any change of the kernel ends, after a
// restart, where it would have ended without.
func TestKilledAnywhereItConverges(t *testing.T) {
	var points []string
	bubble(t, func(t *testing.T, r *rig) {
		k := &reaper{}
		if died := live(t, r, k); died != "" {
			t.Fatalf("died at %s without being killed", died)
		}
		points = k.points
		r.converged()
	})
	kinds := map[string]int{}
	for _, p := range points {
		kinds[strings.Fields(p)[0]]++
	}
	t.Logf("%d points: %v", len(points), kinds)
	if kinds["kernel"] < 20 || kinds["before"] < 20 || kinds["write"] < 8 || kinds["rename"] < 8 {
		t.Errorf("the story has too few points to die at: %v", kinds)
	}
	for n := range points {
		t.Run(fmt.Sprintf("%03d %s", n+1, points[n]), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				k := &reaper{at: n + 1}
				if died := live(t, r, k); died == "" {
					t.Fatalf("was not killed; passed %q", k.points[max(0, len(k.points)-3):])
				}
				r.converged()
			})
		})
	}
}
