package agent

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// An object that somebody changes again and again is put right once a minute at most, and status says so until it has been left
// alone; another object is put right at once all the same.
func TestFlapping(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "80 wrr 21=1\n90 rr 30=1")
		r.start()
		for range flapsAfter + 1 {
			if s := r.status(); len(s.Flapping) != 0 || s.Phase != spec.Idle {
				t.Fatalf("flapping after %d repairs: %+v", s.Repaired, s.Flapping)
			}
			r.byHand("80 wrr 21=9\n90 rr 30=1")
			r.pass(r.cfg.Look)
			r.holds("80 wrr 21=1\n90 rr 30=1")
		}
		from, repaired := r.next(), r.status().Repaired
		for range 30 * 60 / 10 {
			r.byHand("80 wrr 21=9\n90 rr 30=1")
			r.pass(r.cfg.Look)
		}
		s := r.status()
		if n := s.Repaired - repaired; n < 25 || n > 30 {
			t.Errorf("put right %d times in half an hour", n)
		}
		if n := r.next() - from; n > 5*30 {
			t.Errorf("%d records in half an hour", n)
		}
		if len(s.Flapping) != 1 || s.Flapping[0].Key != "tcp 192.0.2.1:80 > 192.0.2.21:80" || s.Flapping[0].Repairs < 25 || s.Phase != spec.Degraded {
			t.Errorf("phase %s, flapping %+v", s.Phase, s.Flapping)
		}
		r.byHand("80 wrr 21=9\n90 rr 30=9")
		r.pass(r.cfg.Look)
		r.holds("80 wrr 21=1\n90 rr 30=1")
		r.pass(flapsWithin + time.Minute)
		if s := r.status(); len(s.Flapping) != 0 || s.Phase != spec.Idle {
			t.Errorf("an hour later: phase %s, flapping %+v", s.Phase, s.Flapping)
		}
		r.end()
	})
}
