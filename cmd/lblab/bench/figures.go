package bench

import (
	"fmt"
	"strings"
	"time"
)

// Figure is something that was asked for, and what came of it.
type Figure struct {
	Work, Asked, Measured string
	Reached               bool
}

// asked are the figures: the same numbers stand in the table and decide what is reached.
const (
	coldFactor, lastGoodFactor = 4.0, 8.0
	changeFactor               = 30.0
	idleShare                  = 0.2
	loadWithin                 = time.Second
	loadMemory                 = 200e6
	agentMemory                = 150e6
	diffWithin                 = 5 * time.Millisecond
)

// figures are judged by medians.
func (r Results) figures() []Figure {
	var out []Figure
	if n := len(r.Starts); n > 0 {
		s := r.Starts[n-1]
		out = append(out,
			faster(s.Rules.size()+": start to all in an empty kernel, cold load of the HCL", coldFactor, s.Keepalived, s.Cold),
			faster(s.Rules.size()+": the same from the last known good", lastGoodFactor, s.Keepalived, s.LastGood))
	}
	for _, c := range r.largestChanges() {
		out = append(out, faster(fmt.Sprintf("%s in %s: one weight, from the fetched commit", c.Rules.size(), blocks(c.Rules)), changeFactor, c.Reload, c.Fetched))
	}
	return append(append(out, r.idleFigures()...), r.nativeFigures()...)
}

// largestChanges are those of the largest size, in many clusters and in one.
func (r Results) largestChanges() []Change {
	return r.Change[max(0, len(r.Change)-2):]
}

func faster(work string, asked float64, theirs, ours Sample) Figure {
	got := factor(theirs.Median(), ours.Median())
	return Figure{work, fmt.Sprintf("≥ %.0f × faster", asked),
		fmt.Sprintf("%s × (%s, keepalived %s)", digits(got), human(ours.Median()), human(theirs.Median())), got >= asked}
}

func (r Results) idleFigures() []Figure {
	share := factor(r.Idle.Fast.Median(), r.Idle.Apply.Median())
	return []Figure{
		{r.Idle.Rules.size() + ": reconcile with nothing to do, of the full apply", fmt.Sprintf("< %.0f %%", 100*idleShare),
			fmt.Sprintf("%s %% (%s of %s)", digits(100*share), human(r.Idle.Fast.Median()), human(r.Idle.Apply.Median())), share < idleShare},
		{r.Agent.Rules.size() + ": writes to the kernel by an agent at rest", "0",
			fmt.Sprintf("%d (during %d reads)", r.Agent.Writes, r.Agent.Reads), r.Agent.Writes == 0 && r.Agent.Reads > 0 && r.Agent.Filling > 0},
		{r.Agent.Rules.size() + ": the agent's resident set, settled", "< " + megabytes(agentMemory), megabytes(r.Agent.Resident), r.Agent.Resident < agentMemory},
	}
}

func (r Results) nativeFigures() []Figure {
	return []Figure{
		{fmt.Sprintf("load and validate %d lines of HCL, natively", r.Load.Lines), "< " + human(loadWithin), human(r.Load.Took.Median()), r.Load.Took.Median() < loadWithin},
		{"its largest resident set", "< " + megabytes(loadMemory), megabytes(r.Load.Peak), r.Load.Peak < loadMemory},
		{"pure diff of 10,000 × 10 with 100 changes, natively", "< " + human(diffWithin), human(r.Diff.Median()), r.Diff.Median() < diffWithin},
	}
}

// size is "4,000 × 10".
func (r Rules) size() string { return fmt.Sprintf("%s × %d", thousands(r.Services), r.RealServers) }

func blocks(r Rules) string {
	if r.Clusters == 1 {
		return "1 cluster"
	}
	return fmt.Sprintf("%d clusters", r.Clusters)
}

// Figures is a table for the terminal.
func (r Results) Figures() string {
	var b strings.Builder
	for _, f := range r.figures() {
		fmt.Fprintf(&b, "%-7s %s: asked %s, measured %s\n", verdict(f.Reached), f.Work, f.Asked, f.Measured)
	}
	return b.String()
}

func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "MISSED"
}
