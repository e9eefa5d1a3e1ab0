package agent

import (
	"cmp"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// An object that was put right more than flapsAfter times within flapsWithin is flapping: somebody else writes it too. It is still put
// right, so that a service which is removed again and again is back within a minute, but no more often than each flapPause: the
// fight costs the kernel and the journal little then.
const (
	flapsAfter  = 6
	flapsWithin = time.Hour
	flapPause   = time.Minute
)

// repairs are the times at which drifted objects were put right, each within the last flapsWithin.
type repairs map[spec.Key][]time.Time

func (r repairs) note(done []spec.Change, now time.Time) {
	for _, c := range done {
		if c.Reason == spec.ByDrift {
			r[c.Key] = append(r[c.Key], now)
		}
	}
}

func (r repairs) forget(now time.Time) {
	for k, times := range r {
		old := 0
		for old < len(times) && now.Sub(times[old]) >= flapsWithin {
			old++
		}
		if r[k] = times[old:]; len(r[k]) == 0 {
			delete(r, k)
		}
	}
}

// flapping lists the objects that flap, in the order of their names.
func (r repairs) flapping() []spec.Flap {
	var out []spec.Flap
	for k, times := range r {
		if len(times) > flapsAfter {
			out = append(out, spec.Flap{Object: spec.ObjectOf(k), Repairs: len(times), First: times[0], Last: times[len(times)-1]})
		}
	}
	slices.SortFunc(out, func(a, b spec.Flap) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// pauses says that a plan has nothing but objects that flap and were put right a moment ago.
func (r repairs) pauses(p spec.Plan, now time.Time) bool {
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			times := r[c.Key]
			if c.Reason != spec.ByDrift || len(times) <= flapsAfter || now.Sub(times[len(times)-1]) >= flapPause {
				return false
			}
		}
	}
	return true
}
