package health

import (
	"fmt"
	"time"
)

// guard tells a host that is late itself from servers that do not answer. It freezes verdicts when the scheduler woke late, or when
// a share of the probes came to their turn late; it thaws when neither was seen for a while. A failure of a probe that had begun
// before that does not count either: it may be of the time that was lost.
type guard struct {
	since instant // frozen since; 0: it is not
	why   string
	bad   instant // when this host was last seen to be late

	counts              instant // since when the following are counted
	turns, late, before int     // probes whose turn came, those of them that were late, and the turns of the count before
}

const (
	lateAlways = time.Second // less is never late
	lateShare  = 4           // a quarter of the probes
	countFor   = time.Second
	thawsAfter = 2 * time.Second
)

// woke is told when the scheduler wanted to go on and when it did.
func (g *guard) woke(planned, now instant) {
	if by := now.sub(planned); by > lateAlways {
		g.freeze(now, fmt.Sprintf("this host is late: it stood still for %s", by.Round(10*time.Millisecond)))
	}
}

// turn is told when a probe was due and when its turn came.
func (g *guard) turn(due, now instant, every time.Duration) {
	if now.sub(g.counts) >= countFor {
		g.counts, g.before, g.turns, g.late = now, g.turns, 0, 0
	}
	g.turns++
	if by := now.sub(due); by > max(lateAlways, every/2) {
		g.late++
		if g.late*lateShare > max(g.turns, g.before) {
			g.freeze(now, fmt.Sprintf("this host is late: %d of the last %d probes, this one by %s", g.late, g.turns, by.Round(10*time.Millisecond)))
		}
	}
}

func (g *guard) freeze(now instant, why string) {
	g.bad = now
	if g.since == 0 {
		g.since, g.why = now, why
	}
}

// frozen is why no failure counts now, and since when; "" when they do.
func (g *guard) frozen(now instant) (why string, since instant) {
	if g.since != 0 && now.sub(g.bad) >= thawsAfter {
		g.since, g.why = 0, ""
	}
	return g.why, g.since
}

// excuse is why the failure of a probe that began then does not count; "": it does.
func (g *guard) excuse(began, now instant) string {
	if why, _ := g.frozen(now); why != "" {
		return why
	}
	if began <= g.bad {
		return "this host was late meanwhile"
	}
	return ""
}
