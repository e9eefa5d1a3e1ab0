package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// draining makes of the removal of a real server that it takes no new connections: it is removed when its drain is over.
type draining struct {
	view   *spec.View
	prior  *spec.State
	drains []spec.Drain
	times  map[spec.ServiceKey]time.Duration // drain_timeout; nil before the first removal
}

func (in *PlanInput) draining() draining {
	return draining{view: &in.Drift.View, prior: in.Prior, drains: in.Drains}
}

func (d *draining) put(c *spec.Change) {
	k, ok := c.Key.(spec.DestKey)
	if !ok || c.Action != spec.Remove {
		return
	}
	if over := drainOf(d.drains, k); over != nil && over.Ended != "" {
		c.Reason = spec.ByDrain
		if over.Left == 0 {
			c.Risk = spec.RiskNone
		}
		return
	}
	if c.Reason != spec.ByCommit {
		return
	}
	if c.Drain = d.timeout(k.Service); c.Drain == 0 {
		return
	}
	after := c.Before.(spec.Dest)
	after.Weight = 0
	c.Action, c.After, c.Risk = spec.Edit, after, spec.RiskDrains
}

// drainOf finds a drain among those that are sorted by key.
func drainOf(drains []spec.Drain, k spec.DestKey) *spec.Drain {
	i, ok := slices.BinarySearchFunc(drains, k, func(d spec.Drain, k spec.DestKey) int { return d.Key.Compare(k) })
	if !ok {
		return nil
	}
	return &drains[i]
}

// timeout is that of the virtual server as it is from now on; 0 for a service that is removed as a whole.
func (d *draining) timeout(k spec.ServiceKey) time.Duration {
	if d.times == nil {
		d.times = map[spec.ServiceKey]time.Duration{}
		for i := range d.view.Clusters {
			for _, v := range d.view.Clusters[i].VirtualServers {
				if v.Def.DrainTimeout == 0 {
					continue
				}
				for s := range v.Def.EachKey() {
					d.times[s] = v.Def.DrainTimeout
				}
			}
		}
	}
	return d.times[k]
}

// Begun adds the drains that changes began at a time; one that begins anew takes the place of what it was. They are sorted by key.
func Begun(drains []spec.Drain, done []spec.Change, now time.Time) []spec.Drain {
	var out []spec.Drain
	for i := range done {
		if c := &done[i]; c.Drain != 0 {
			out = append(out, spec.Drain{Key: c.Key.(spec.DestKey), Dest: c.After.(spec.Dest), Since: now, Until: now.Add(c.Drain), Left: -1})
		}
	}
	out = append(out, drains...)
	slices.SortStableFunc(out, func(a, b spec.Drain) int { return a.Key.Compare(b.Key) })
	return slices.CompactFunc(out, func(a, b spec.Drain) bool { return a.Key == b.Key })
}

// Drained counts the connections of drains at a time, and ends those that have none left or whose time is over. Counters that lack a
// real server say that the kernel no longer has it, which ends its drain too. With counted nil nothing is known, and time decides.
func Drained(drains []spec.Drain, counted *spec.Stats, now time.Time) []spec.Drain {
	out := slices.Clone(drains)
	for i := range out {
		d := &out[i]
		n, live := -1, true
		if counted != nil {
			n, live = open(*counted, d.Key)
		}
		d.Left = n
		switch {
		case d.Ended != "":
		case !live:
			d.Ended = "it is gone from the kernel"
		case n == 0:
			d.Ended = "no connection is left"
		case !now.Before(d.Until) && n < 0:
			d.Ended = "its time is over, and what is left could not be counted"
		case !now.Before(d.Until):
			d.Ended = fmt.Sprintf("its time is over, %d connections are left", n)
		}
	}
	return out
}

// open is how many connections of a real server a client still uses: of TCP the established ones, as one that ends keeps its entry for
// minutes; of the others all, as the kernel counts them as inactive from the first packet on (ip_vs_ctl.c, __ip_vs_update_dest).
func open(counted spec.Stats, k spec.DestKey) (n int, live bool) {
	i, ok := slices.BinarySearchFunc(counted.Dests, k, func(s spec.DestStats, k spec.DestKey) int { return s.Key.Compare(k) })
	if !ok {
		return 0, false
	}
	n = int(counted.Dests[i].Active)
	if k.Service.Proto != spec.TCP {
		n += int(counted.Dests[i].Inactive)
	}
	return n, true
}

// Standing are the drains that still matter: those of real servers that are live and that git does not have again.
func Standing(drains []spec.Drain, want, live spec.State) []spec.Drain {
	declared := want.AsDeclared()
	return slices.DeleteFunc(slices.Clone(drains), func(d spec.Drain) bool {
		_, there := live.Dests.Find(d.Key)
		_, again := declared.Find(d.Key)
		return !there || again
	})
}
