package reconcile

import "github.com/lbsync/lbsync/spec"

// fewest is how many objects are too few to be called many.
const fewest = 5

// Sweeping says that a repair follows from a reading that is hard to believe: it takes away, or sets to weight 0, more than a quarter of
// the real servers or services that are live, or more than half of what is wanted has vanished since it was made. Whoever carries it out
// reads the kernel once more before.
func Sweeping(p spec.Plan, want, live spec.State) bool {
	var taken, vanished struct{ services, dests int }
	for _, s := range p.Steps {
		for i := range s.Changes {
			c := &s.Changes[i]
			_, service := c.Key.(spec.ServiceKey)
			_, dest := c.Key.(spec.DestKey)
			switch away, gone := c.Action == spec.Remove || drains(c), c.Action == spec.Add && c.Reason == spec.ByDrift; {
			case away && service:
				taken.services++
			case away && dest:
				taken.dests++
			case gone && service:
				vanished.services++
			case gone && dest:
				vanished.dests++
			}
		}
	}
	many := func(n, of, share int) bool { return n >= fewest && n*share > of }
	return many(taken.services, len(live.Services), 4) || many(taken.dests, len(live.Dests), 4) ||
		many(vanished.services, len(want.Services), 2) || many(vanished.dests, len(want.Dests), 2)
}
