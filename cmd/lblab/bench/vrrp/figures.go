package vrrp

import (
	"fmt"
	"time"
)

// Figure is something that was asked for, and what came of it.
type Figure struct {
	Work, Asked, Measured string
	Reached               bool
}

// asked are the figures: the same numbers stand in the table and decide what is reached.
const (
	lateWithin      = 5 * time.Millisecond
	sameWithin      = time.Millisecond // less is the machine's mood
	announcedWithin = 20 * time.Millisecond
	announcedFactor = 2.0
	coreShare       = 0.1
	jitterWithin    = time.Millisecond
	engineMemory    = 25e6
)

// Figures are judged by medians where rounds are few, and by the quantile that was asked for where there are many.
func (r Results) Figures() []Figure {
	var out []Figure
	for _, c := range r.cases() {
		ours, _ := r.switchesOf(lbsync, c)
		theirs, _ := r.switchesOf(keepalived, c)
		out = append(out, switchFigures(c, ours, theirs)...)
	}
	return append(append(append(out, r.jitterFigures()...), r.costFigures()...), r.steadyFigures()...)
}

func switchFigures(c Case, ours, theirs Switches) []Figure {
	out := []Figure{
		{c.String() + ": detection later than Active_Down_Interval, slowest of " + fmt.Sprint(len(ours.Late)), "≤ " + short(lateWithin), short(ours.Late.Max()), ours.Late.Max() <= lateWithin},
		{c.String() + ": failover, kill -9 to the first announcement", "not slower than keepalived by " + short(sameWithin),
			fmt.Sprintf("%s, keepalived %s", short(ours.Failover.Median()), short(theirs.Failover.Median())), ours.Failover.Median() <= theirs.Failover.Median()+sameWithin},
	}
	if c.Addresses == 1 {
		return append(out, Figure{c.String() + ": handover later than Skew_Time, slowest of " + fmt.Sprint(len(ours.Handover)), "≤ " + short(lateWithin),
			short(ours.Handover.Max()), ours.Handover.Max() <= lateWithin})
	}
	got := float64(theirs.All.Median()) / float64(max(1, ours.All.Median()))
	return append(out,
		Figure{c.String() + ": last of all announced after the election", "≤ " + short(announcedWithin), short(ours.All.Median()), ours.All.Median() <= announcedWithin},
		Figure{c.String() + ": the same beside keepalived", fmt.Sprintf("≥ %.0f × sooner", announcedFactor),
			fmt.Sprintf("%.1f × (keepalived %s)", got, short(theirs.All.Median())), got >= announcedFactor})
}

func (r Results) jitterFigures() []Figure {
	var out []Figure
	for _, ours := range r.Jitter {
		if ours.System != lbsync {
			continue
		}
		for _, theirs := range r.Jitter {
			if theirs.System == lbsync || theirs.Load != ours.Load || theirs.Interval != ours.Interval {
				continue
			}
			what := fmt.Sprintf("jitter of adverts every %s at p99.9, load: %s", ours.Interval, ours.Load)
			out = append(out, Figure{what, "< " + short(jitterWithin), short(ours.P999), ours.P999 < jitterWithin && ours.Seen > 0},
				Figure{what, "not worse than keepalived", fmt.Sprintf("%s, keepalived %s", short(ours.P999), short(theirs.P999)), ours.P999 <= theirs.P999 && ours.Seen > 0})
		}
	}
	return out
}

func (r Results) costFigures() []Figure {
	ours, ok := r.costOf(lbsync)
	theirs, _ := r.costOf(keepalived)
	if !ok {
		return nil
	}
	out := []Figure{
		costFigure(ours, theirs, "sending", ours.Share(ours.Sending), theirs.Share(theirs.Sending)),
		costFigure(ours, theirs, "receiving", ours.Share(ours.Receiving), theirs.Share(theirs.Receiving)),
		{fmt.Sprintf("resident set of the engine with %d instances", ours.Instances), "< " + megabytes(engineMemory), megabytes(max(ours.Sender, ours.Receiver)), max(ours.Sender, ours.Receiver) < engineMemory},
	}
	for _, s := range r.Single {
		if s.System == lbsync {
			out = append(out, Figure{"resident set of the engine with one instance", "< " + megabytes(engineMemory), megabytes(s.Resident), s.Resident < engineMemory})
		}
	}
	return out
}

func costFigure(ours, theirs Cost, what string, share, theirShare float64) Figure {
	return Figure{fmt.Sprintf("%d instances, adverts every %s: %s", ours.Instances, ours.Interval, what),
		fmt.Sprintf("< %.0f %% of a core, not above keepalived", 100*coreShare),
		fmt.Sprintf("%.1f %%, keepalived %.1f %%", 100*share, 100*theirShare), share < coreShare && share <= theirShare}
}

func (r Results) steadyFigures() []Figure {
	var out []Figure
	for _, s := range r.Steady {
		if s.System == lbsync {
			out = append(out, Figure{fmt.Sprintf("transitions in %s, adverts every %s, %s", s.Lasted, s.Interval, s.Load), "0", fmt.Sprint(s.Transitions), s.Transitions == 0})
		}
	}
	return out
}
