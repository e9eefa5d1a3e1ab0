package reconcile

import (
	"cmp"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// hour is for how long a correction counts.
const hour = time.Hour

// Repaired are the times at which drifted objects were put right, each within the last hour.
type Repaired map[spec.Key][]time.Time

// Note adds what was put right just now.
func (r Repaired) Note(done []spec.Change, now time.Time) {
	for _, c := range done {
		if c.Reason == spec.ByDrift {
			r[c.Key] = append(r[c.Key], now)
		}
	}
}

// Forget drops what is an hour old.
func (r Repaired) Forget(now time.Time) {
	for k, times := range r {
		if times = within(times, now); len(times) == 0 {
			delete(r, k)
		} else {
			r[k] = times
		}
	}
}

func within(times []time.Time, now time.Time) []time.Time {
	old := 0
	for old < len(times) && now.Sub(times[old]) >= hour {
		old++
	}
	return times[old:]
}

// flaps says that an object was put right as often as it may be within an hour; 0 is without limit. Somebody else writes it too.
func (r Repaired) flaps(k spec.Key, most int, now time.Time) bool {
	return most > 0 && len(within(r[k], now)) >= most
}

// Flapping lists the objects that flap, in the order of their names.
func (p DriftPolicy) Flapping() []spec.Flap {
	j := driftJudge{DriftPolicy: p}
	var out []spec.Flap
	for k, times := range p.Repaired {
		rules, _ := j.rules(k)
		if p.Repaired.flaps(k, rules.MostAnHour, p.Now) {
			out = append(out, spec.Flap{Object: spec.ObjectOf(k), Repairs: len(times), First: times[0], Last: times[len(times)-1]})
		}
	}
	slices.SortFunc(out, func(a, b spec.Flap) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return out
}
