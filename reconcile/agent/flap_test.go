package agent

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// flapsAfter is most_an_hour of the fleets of these tests.
const flapsAfter = 6

// An object that somebody changes again and again is left after so many corrections, and status says so until the hour has gone by;
// another object is put right at once all the same.
func TestFlapping(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1\n90 rr 30=1")
		r.start()
		for range flapsAfter {
			if s := r.status(); len(s.Flapping) != 0 || s.Phase != spec.Idle {
				t.Fatalf("flapping after %d repairs: %+v", s.Repaired, s.Flapping)
			}
			r.byHand("80 wrr 21=9\n90 rr 30=1")
			r.pass(r.cfg.Look)
			r.holds("80 wrr 21=1\n90 rr 30=1")
		}
		from := r.next()
		r.byHand("80 wrr 21=9\n90 rr 30=1")
		r.pass(30 * time.Minute)
		r.holds("80 wrr 21=9\n90 rr 30=1")
		s := r.status()
		if n := r.next() - from; n != 1 || s.Repaired != flapsAfter {
			t.Errorf("%d records in half an hour, %d repaired", n, s.Repaired)
		}
		if len(s.Flapping) != 1 || s.Flapping[0].Key != "tcp 192.0.2.1:80 > 192.0.2.21:80" || s.Flapping[0].Repairs != flapsAfter || s.Phase != spec.Degraded {
			t.Errorf("phase %s, flapping %+v", s.Phase, s.Flapping)
		}
		if len(s.Drift) != 1 || s.Drift[0].Left != "put right 6 times within the last hour" {
			t.Errorf("drift %+v", s.Drift)
		}
		r.byHand("80 wrr 21=9\n90 rr 30=9")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=9\n90 rr 30=1")
		r.pass(31 * time.Minute)
		r.holds("80 wrr 21=1\n90 rr 30=1")
		r.pass(time.Hour)
		if s := r.status(); len(s.Flapping) != 0 || len(s.Drift) != 0 || s.Phase != spec.Idle {
			t.Errorf("two hours later: phase %s, flapping %+v", s.Phase, s.Flapping)
		}
		r.end()
	})
}

// A service that is removed again and again comes back with its real servers, once a minute, and no more often: who fights is not fought
// at each look, and who is served is not without service for an hour.
func TestFlappingServiceComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const all, one = "80 wrr 21=1 22=1\n90 rr 30=1", "90 rr 30=1"
		r.repo.commit("a", "", all)
		r.start()
		for range flapsAfter {
			r.byHand(one)
			r.pass(r.cfg.Look)
			r.holds(all)
		}
		repaired := r.status().Repaired
		for range 30 * 60 / 10 {
			r.byHand(one)
			r.pass(r.cfg.Look)
		}
		if n := (r.status().Repaired - repaired) / 3; n < 25 || n > 30 {
			t.Errorf("put back %d times in half an hour", n)
		}
		// Its settings are no reason: they wait for the hour to go by.
		r.pass(2 * time.Minute)
		r.holds(all)
		r.byHand("80 rr 21=1 22=1\n90 rr 30=1")
		r.pass(10 * time.Minute)
		r.holds("80 rr 21=1 22=1\n90 rr 30=1")
		r.end()
	})
}
