package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

func (r *rig) override(name string, weight int32, lasts time.Duration) (spec.CommandResult, error) {
	return r.agent.Do(r.t.Context(), spec.Command{Verb: spec.OverrideSet, RealServer: name, Weight: &weight, For: lasts, Reason: "test", Actor: spec.Actor{UID: 7, Login: "bob"}})
}

func (r *rig) clear(name string) (spec.CommandResult, error) {
	return r.agent.Do(r.t.Context(), spec.Command{Verb: spec.OverrideClear, RealServer: name, All: name == "", Actor: spec.Actor{UID: 7, Login: "bob"}})
}

// overridden are the records of overrides, as "event actor before after".
func (r *rig) overridden() (out []string) {
	for _, rec := range r.records() {
		if rec.Event == journal.OverrideSet || rec.Event == journal.OverrideCleared || rec.Event == journal.OverrideEnded {
			out = append(out, strings.Join([]string{rec.Event.String(), rec.Actor, rec.Before, rec.After}, " "))
		}
	}
	return out
}

func TestOverrideHoldsAndEnds(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1 22=1\n90 rr 30=1")
		r.start()
		out, err := r.override("192.0.2.21:80", 0, time.Hour)
		if err != nil || out.Plan == nil || out.Plan.Edit != 1 || out.Plan.Drifted != 0 || len(out.Overrides) != 1 || len(out.Status.Overrides) != 1 {
			t.Fatalf("%v %+v", err, out)
		}
		r.holds("80 wrr 21=0 22=1\n90 rr 30=1")
		// By hand it is drift, and a commit leaves it.
		r.byHand("80 wrr 21=5 22=1\n90 rr 30=1")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=0 22=1\n90 rr 30=1")
		r.repo.commit("b", "a", "80 wrr 21=3 22=1\n90 rr 30=2")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=0 22=1\n90 rr 30=2")
		if s := r.status(); s.Repaired != 1 || len(s.Drift) != 0 || *s.Overrides[0].Configured != 3 || s.Phase != spec.Idle {
			t.Errorf("status %+v", s)
		}
		r.end()
		// A restart keeps it, and its end comes all the same.
		r.start()
		r.holds("80 wrr 21=0 22=1\n90 rr 30=2")
		r.pass(time.Hour)
		r.holds("80 wrr 21=3 22=1\n90 rr 30=2")
		if s := r.status(); len(s.Overrides) != 0 || s.Repaired != 0 || s.Phase != spec.Idle {
			t.Errorf("status %+v", s)
		}
		if got := strings.Join(r.overridden(), "; "); got != "override_set 7 bob weight=1 weight=0; override_ended agent weight=0 weight=3" {
			t.Errorf("journal %q", got)
		}
		r.end()
	})
}

// One that ended while no agent ran is put back at the start, and is no drift.
func TestOverrideEndsWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1 22=1")
		r.start()
		if _, err := r.override("192.0.2.21:80", 0, time.Hour); err != nil {
			t.Fatal(err)
		}
		r.end()
		r.pass(2 * time.Hour)
		r.start()
		r.holds("80 wrr 21=1 22=1")
		for _, rec := range r.records() {
			if rec.Event == journal.Drift {
				t.Errorf("drift: %+v", rec)
			}
		}
		if got := r.overridden(); len(got) != 2 || !strings.HasPrefix(got[1], "override_ended agent") {
			t.Errorf("journal %q", got)
		}
		r.end()
	})
}

func TestOverrideClear(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1 22=1\n90 rr 21=1")
		r.start()
		for _, k := range []string{"tcp 192.0.2.1:80 > 192.0.2.21:80", "192.0.2.22:80", "192.0.2.21:90"} {
			if _, err := r.override(k, 5, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		r.holds("80 wrr 21=5 22=5\n90 rr 21=5")
		// A second one of the same real server takes the place of the first.
		if _, err := r.override("192.0.2.22:80", 6, 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := len(r.status().Overrides); n != 3 {
			t.Errorf("%d overrides", n)
		}
		if _, err := r.clear("192.0.2.22:80"); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=5 22=1\n90 rr 21=5")
		if _, err := r.clear(""); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=1 22=1\n90 rr 21=1")
		r.pass(3 * time.Hour)
		r.holds("80 wrr 21=1 22=1\n90 rr 21=1")
		if s := r.status(); s.Repaired != 0 || s.Phase != spec.Idle || len(r.overridden()) != 7 {
			t.Errorf("status %+v, journal %q", s, r.overridden())
		}
		if _, err := r.clear(""); err == nil {
			t.Error("nothing is overridden, and it is cleared")
		}
		r.end()
	})
}

// While suspended nothing is overridden; what ends meanwhile is put back when the suspension ends.
func TestOverrideAndSuspension(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1 22=1")
		r.start()
		if _, err := r.override("192.0.2.21:80", 0, time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := r.do(spec.Suspend, "", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := r.override("192.0.2.22:80", 0, time.Hour); err == nil || !strings.Contains(err.Error(), "suspended by bob (uid 7)") {
			t.Errorf("%v", err)
		}
		r.pass(2 * time.Hour)
		r.holds("80 wrr 21=0 22=1")
		if _, err := r.do(spec.Resume, "", 0); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=1 22=1")
		if s := r.status(); s.Repaired != 0 {
			t.Errorf("status %+v", s)
		}
		r.end()
	})
}

// An override of another director holds over a restart while that one is not heard: until its time is over, or that one is heard without it.
func TestOverrideOfAnotherOutlastsRestart(t *testing.T) {
	for name, ends := range map[string]func(p *pair){
		"its time is over": func(p *pair) { p.pass(time.Hour) },
		"it is cleared":    func(p *pair) { _, _ = p.of["lb1"].clear(""); p.wire.silence("lb1", false); p.of["lb1"].pass(0) },
	} {
		t.Run(name, func(t *testing.T) {
			onPair(t, func(p *pair) {
				lb2 := p.of["lb2"]
				if _, err := p.of["lb1"].override("192.0.2.21:80", 0, time.Hour); err != nil {
					t.Fatal(err)
				}
				p.pass(10 * time.Second)
				lb2.end()
				p.wire.silence("lb1", true)
				p.wire.ends["lb2"].facts["lb1"] = spec.PeerFact{}
				for range 2 { // what was kept is kept again
					lb2.start()
					p.pass(lb2.cfg.Resync)
					if w := p.weightOf("lb2"); w != 0 {
						t.Errorf("the restart gives it weight %d", w)
					}
					if got, err := LastKnownGood("lb2", lb2.folder); err != nil || len(got.Overrides) != 1 {
						t.Errorf("%v %+v", err, got.Overrides)
					}
					lb2.end()
				}
				lb2.start()
				ends(p)
				p.pass(lb2.cfg.Resync)
				if w := p.weightOf("lb2"); w != 1 {
					t.Errorf("it ended, and the weight is %d", w)
				}
				for _, rec := range lb2.records() {
					if rec.Event == journal.Drift {
						t.Errorf("drift: %+v", rec)
					}
				}
				if got, err := LastKnownGood("lb2", lb2.folder); err != nil || len(got.Overrides) != 0 {
					t.Errorf("%v %+v", err, got.Overrides)
				}
			})
		})
	}
}
