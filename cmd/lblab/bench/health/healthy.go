package health

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Healthy is what became, in an outage, of the probes of servers that went on answering.
type Healthy struct {
	Due     int           `json:"due"`  // probes that the interval asks for
	Made    int           `json:"made"` // of these, that succeeded
	Skipped uint64        `json:"skipped"`
	Failed  int           `json:"failed"` // checks of which a probe failed
	Late    time.Duration `json:"late_p99_ns"`
}

// healthy are the checks of servers that stay healthy, in order.
func (w *watch) healthy() []spec.CheckStatus {
	return slices.DeleteFunc(w.Checks(), func(s spec.CheckStatus) bool { return !healthyNetwork.Contains(s.Check.Addr.Addr().AsSlice()) })
}

// notYetMissed is how late a probe may be at the end of an outage, and still be on its way.
const notYetMissed = 250 * time.Millisecond

// healthyOf compares the same checks at two moments. A check is due each interval from its probe before the outage on: that one is also
// what the last one's lateness is measured by, for the phase of a check is the same in each round.
func healthyOf(before, after []spec.CheckStatus, interval time.Duration, end time.Time) Healthy {
	var h Healthy
	var late []time.Duration
	for i, b := range before {
		a := after[i]
		due := max(0, int((end.Sub(began(b))-notYetMissed)/interval))
		h.Due += due
		h.Skipped += a.Skipped - b.Skipped
		if a.State != spec.CheckUp || a.Since != b.Since {
			h.Failed++ // one failure makes it down
			continue
		}
		h.Made += min(due, int(a.Count-b.Count))
		if a.Count > b.Count {
			apart := began(a).Sub(began(b))
			late = append(late, max(0, apart-apart.Round(interval)))
		}
	}
	slices.Sort(late)
	if len(late) > 0 {
		h.Late = late[len(late)*99/100]
	}
	return h
}

// began is when the last probe of a check began.
func began(s spec.CheckStatus) time.Time { return s.Last.Add(-s.Took) }
