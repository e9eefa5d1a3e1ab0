package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// weightLost refuses a commit that leaves a service with a part of what carried it.
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
		if p.now.Def == nil || p.delta.lost() == 0 {
			continue
		}
		b := budgetOf(in.Fleet, p.cluster)
		if percent := p.delta.lost(); percent > b.Weight && (p.delta.now == 0 || p.nearlyGone() > 1) {
			out = append(out, found(p.now.Place.Pos(p.now.Def.At), fmt.Sprintf("virtual_server %q would lose %.0f%% of its weight", p.now.Def.Name, percent),
				"The accepted commit gives it %.0f (%s), and of that %.0f is left. %s", p.delta.was, p.was.Place.Pos(p.was.Def.At), p.delta.was*(1-percent/100), widen("weight", b.Weight, "1 real server")))
		}
	}
	return out
}

// nearlyGone are the real servers that are left with a tenth of their weight or nothing.
func (p pair) nearlyGone() int {
	n := 0
	for was, now := range p.realServers() {
		if was != nil && was.Dest.Weight > 0 && (now == nil || float64(now.Dest.Weight) <= p.delta.scale*float64(was.Dest.Weight)/10) {
			n++
		}
	}
	return n
}
