package agent

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

func TestCommitsAreAppliedAndJournaled(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		r.holds("80 wrr 21=1")
		r.phase(spec.Idle)
		r.repo.commit("b", "a", "80 wrr 21=2 22=1")
		from := r.next()
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=2 22=1")
		want := []string{"fetched b", "planned b", "intent b", "step b", "step b", "applied b"}
		if got := r.events(from); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		s := r.status()
		if s.Applied.Commit.ID != id("b") || s.HighWater != id("b") || s.Services != 1 || s.RealServers != 2 || s.Plan.Done != 2 || s.Source.Tip.ID != id("b") {
			t.Errorf("status %+v", s)
		}
		steps := r.records()[len(r.records())-3:]
		if steps[0].Key != "tcp 192.0.2.1:80 > 192.0.2.22:80" || steps[0].After == "" || steps[1].Before != "weight=1 forwarding=dr" || steps[1].After != "weight=2 forwarding=dr" || steps[1].Result != "ok" || steps[1].Author != "Ann <ann@example.org>" {
			t.Errorf("steps %+v", steps)
		}
		if !slices.Contains(r.told(), "READY=1") || !slices.Contains(r.told(), "STATUS=holding b000000") {
			t.Errorf("systemd was told %q", r.told())
		}
		r.end()
		if last := r.records()[len(r.records())-1]; last.Event != journal.Stopped || r.told()[len(r.told())-1] != "STOPPING=1" {
			t.Errorf("the end is %v, systemd was told %q", last.Event, r.told())
		}
	})
}

func TestCommitThatRendersTheSameTouchesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		from, ops := r.next(), len(r.kernel.History())
		r.repo.commit("b", "a", "# a comment\n80 wrr 21=1")
		r.pass(r.cfg.Poll)
		want := []string{"fetched b", "planned b", "applied b"}
		if got := r.events(from); !slices.Equal(got, want) || len(r.kernel.History()) != ops {
			t.Errorf("journal %q, want %q; %d operations", got, want, len(r.kernel.History())-ops)
		}
		if s := r.status(); s.Applied.Commit.ID != id("b") || s.Phase != spec.Idle {
			t.Errorf("status %+v", s)
		}
		r.end()
	})
}

func TestRefusedCommitsLeaveWhatIsHeld(t *testing.T) {
	for _, c := range []struct{ name, fleet, reason, diagnostic string }{
		{"error", "80 wrr\nerror", "its HCL has 1 error", "fleet:2: error: Bad weight; Write 0 to 65535.\n  fleet:2: error\n"},
		{"policy", "80 wrr\ndeny", "policies have 1 error", "error: shared-address: twice\n"},
		{"not declared", "others\n80 wrr", `it declares no director "lb1" (it has: lb2)`, ""},
		{"no files", "", "no HCL file", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "80 wrr 21=1")
				r.start()
				r.repo.commit("b", "a", c.fleet)
				from := r.next()
				r.pass(3 * r.cfg.Poll)
				if s := r.status(); s.Refusal == nil || s.Refusal.Invalid == (c.name == "policy") {
					t.Errorf("refusal %+v", s.Refusal)
				}
				if got, want := r.events(from), []string{"fetched b", "refused b"}; !slices.Equal(got, want) {
					t.Errorf("journal %q, want %q", got, want)
				}
				r.holds("80 wrr 21=1")
				r.phase(spec.Refused)
				s := r.status()
				if s.Refusal == nil || s.Refusal.Commit.ID != id("b") || !strings.Contains(s.Refusal.Reason, c.reason) || s.Applied.Commit.ID != id("a") || s.HighWater != id("a") {
					t.Errorf("status %+v, refusal %+v", s, s.Refusal)
				}
				if last := r.records()[len(r.records())-1]; last.Diagnostics != c.diagnostic || !strings.Contains(last.Result, c.reason) {
					t.Errorf("record %+v", last)
				}
				r.repo.commit("c", "b", "80 wrr 21=2")
				r.pass(r.cfg.Poll)
				r.holds("80 wrr 21=2")
				r.phase(spec.Idle)
				r.end()
			})
		})
	}
}

func TestRewoundBranchIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.repo.commit("b", "a", "80 wrr 21=2")
		r.start()
		r.repo.set(func() { r.repo.branch = id("a") })
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=2")
		if s := r.status(); s.Phase != spec.Refused || !strings.Contains(s.Refusal.Reason, "rewound") {
			t.Errorf("status %+v", s)
		}
		r.end()
		r.start() // the mark outlives the process
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=2")
		r.phase(spec.Refused)
		r.repo.set(func() { r.repo.branch = id("b") })
		r.pass(r.cfg.Poll)
		r.phase(spec.Idle)
		r.end()
	})
}

func TestRewrittenHistoryIsAcceptedByAPin(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		r.repo.commit("e", "", "80 wrr 21=5") // another root
		r.pass(r.cfg.Poll)
		r.phase(spec.Refused)
		if _, err := r.do(spec.PinTo, "e", 0); err != nil {
			t.Fatal(err)
		}
		r.holds("80 wrr 21=5")
		if _, err := r.do(spec.Unpin, "", 0); err != nil {
			t.Fatal(err)
		}
		r.repo.commit("f", "e", "80 wrr 21=6")
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=6")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestAnyHistory(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.cfg.AnyHistory = true
		r.repo.commit("a", "", "80 wrr 21=1")
		r.repo.commit("b", "a", "80 wrr 21=2")
		r.start()
		r.repo.set(func() { r.repo.branch = id("a") })
		r.pass(r.cfg.Poll)
		r.holds("80 wrr 21=1")
		r.end()
	})
}

func TestSourceDown(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		from := r.next()
		r.repo.set(func() { r.repo.down = errors.New("no route to host") })
		r.pass(20 * time.Minute)
		s := r.status()
		if s.Phase != spec.Degraded || s.Source.Failing == nil || s.Source.Failing.Call != "list refs of test" || time.Since(s.Source.Failing.Since) < 19*time.Minute {
			t.Errorf("status %+v, failing %+v", s, s.Source.Failing)
		}
		// 1 s, 2 s, … 5 min, each halved at most: 20 minutes hold between 9 and 21 of them.
		if n := s.Source.Attempts; n < 9 || n > 21 {
			t.Errorf("%d attempts in 20 minutes", n)
		}
		r.repo.commit("b", "a", "80 wrr 21=2")
		r.repo.set(func() { r.repo.down = nil })
		r.pass(5 * time.Minute)
		r.holds("80 wrr 21=2")
		r.phase(spec.Idle)
		want := []string{"source_failing", "source_ok", "fetched b", "planned b", "intent b", "step b", "applied b"}
		if got := r.events(from); !slices.Equal(got, want) {
			t.Errorf("journal %q, want %q", got, want)
		}
		r.end()
	})
}

func TestDamagedMirrorIsNotTheCommitsFault(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1")
		r.start()
		r.repo.commit("b", "a", "80 wrr\nerror")
		r.repo.set(func() { r.repo.damage = source.ErrDamaged })
		r.pass(r.cfg.Poll)
		s := r.status()
		if s.Refusal != nil || s.Phase != spec.Degraded || s.Source.Failing == nil {
			t.Errorf("status %+v", s)
		}
		r.repo.set(func() { r.repo.damage, r.repo.trees[id("b")] = nil, "80 wrr 21=2" })
		r.pass(time.Minute)
		r.holds("80 wrr 21=2")
		r.phase(spec.Idle)
		r.end()
	})
}

func TestOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(r *rig)
		phase   spec.Activity
		err     string
	}{
		{"in sync", func(*rig) {}, spec.Idle, ""},
		{"source down", func(r *rig) { r.repo.down = errors.New("no route") }, spec.Degraded, "fetch: no route"},
		{"refused", func(r *rig) { r.repo.commit("b", "a", "error") }, spec.Refused, ""},
		{"kernel", func(r *rig) { r.kernel.Inject(func(int, spec.Change) error { return errors.New("no") }) }, spec.Degraded, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.repo.commit("a", "", "80 wrr 21=1")
				c.prepare(r)
				a := r.open()
				s, err := a.Once(t.Context())
				if s.Phase != c.phase || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
					t.Errorf("phase %s, error %v; want %s, %q", s.Phase, err, c.phase, c.err)
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A mirror that was cloned anew has no history at first. Once it has, a rewound branch is refused, and nothing else is wrong.
func TestRewindAfterANewClone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		r.end()
		r.repo.commit("d", "a", "80 wrr 21=4")
		r.repo.set(func() { r.repo.mirror, r.repo.shallow = id("d"), true })
		r.start()
		r.pass(2 * r.cfg.Poll)
		if s := r.status(); s.Refusal == nil || !strings.Contains(s.Refusal.Reason, "the branch was rewound") || s.Source.Failing != nil || s.Phase != spec.Refused {
			t.Errorf("phase %s, refusal %+v, source failing %+v", s.Phase, s.Refusal, s.Source.Failing)
		}
		r.holds("80 wrr 21=3")
		r.end()
	})
}

// A director is behind since the first commit that it did not apply, however often it is tried and asked meanwhile.
func TestBehindSince(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		three(r)
		unblock := r.block("intent")
		r.repo.commit("d", "c", "80 wrr 21=4")
		r.pass(r.cfg.Poll)
		began := r.status().Source.BehindSince
		r.pass(10 * time.Minute)
		r.repo.commit("e", "d", "80 wrr 21=5")
		r.pass(10 * time.Minute)
		if since := r.status().Source.BehindSince; !since.Equal(began) || time.Since(since) < 20*time.Minute {
			t.Errorf("behind since %v, at first %v", since, began)
		}
		unblock()
		r.pass(longestRetry)
		if since := r.status().Source.BehindSince; !since.IsZero() {
			t.Errorf("applied, and behind since %v", since)
		}
		r.end()
	})
}
