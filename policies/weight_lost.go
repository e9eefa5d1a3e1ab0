package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// weightLost refuses a commit that leaves a service with a part of what carried it. Weights mean something beside each other only: all of
// them lowered alike are no loss.
type weightLost struct{}

func (weightLost) Name() string      { return "weight-lost" }
func (weightLost) Level() spec.Level { return spec.Overridable }
func (weightLost) Meaning() string {
	return "One commit takes no more of a service's weight than the budget of its cluster allows, and not all; one of two real servers may always go."
}
func (weightLost) Lacks(in *Input) string { return in.noPrior() }

func (weightLost) Check(in *Input) []Finding {
	var out []Finding
	for _, p := range in.pairs() {
		if p.now.Def == nil || p.now.Def == p.was.Def {
			continue
		}
		b := budgetOf(in.Fleet, p.cluster)
		l := p.weights()
		if percent := l.percent(); percent > b.Weight && (l.gone > 1 || l.now == 0) {
			out = append(out, found(p.now.Place.Pos(p.now.Def.At), fmt.Sprintf("virtual_server %q would lose %.0f%% of its weight", p.now.Def.Name, percent),
				"The accepted commit gives it %.0f (%s), and of that %.0f is left. %s", l.was, p.was.Place.Pos(p.was.Def.At), l.was*(1-percent/100), widen("weight", b.Weight, "1 real server")))
		}
	}
	return out
}

// weights are the sums of both sides.
type weights struct {
	was, now float64
	scale    float64 // by which all were lowered: of the one that was lowered least; at most 1
	gone     int     // real servers that are left with a tenth of their weight or nothing
}

func (p pair) weights() weights {
	var l weights
	for was, now := range p.realServers() {
		var before, after float64
		if was != nil {
			before = float64(was.Dest.Weight)
		}
		if now != nil {
			after = float64(now.Dest.Weight)
		}
		l.was, l.now = l.was+before, l.now+after
		if before > 0 {
			l.scale = max(l.scale, after/before)
		}
	}
	if l.scale = min(l.scale, 1); l.scale == 0 {
		l.scale = 1
	}
	for was, now := range p.realServers() {
		if was != nil && was.Dest.Weight > 0 && (now == nil || float64(now.Dest.Weight) <= l.scale*float64(was.Dest.Weight)/10) {
			l.gone++
		}
	}
	return l
}

// percent of the weight that is lost.
func (l weights) percent() float64 {
	if l.was == 0 {
		return 0
	}
	return max(0, 100*(1-l.now/l.scale/l.was))
}
