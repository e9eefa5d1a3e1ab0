package vrrp

import (
	"flag"
	"testing"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page/pagetest"
)

var update = flag.Bool("update", false, "write the goldens")

func sample(ms ...float64) bench.Sample {
	var out bench.Sample
	for _, v := range ms {
		out = append(out, time.Duration(v*1e6))
	}
	return out
}

func someResults() Results {
	c := Case{100 * time.Millisecond, 1000}
	return Results{
		Machine: bench.Machine{Processor: "a processor", Cores: 2, HostKernel: "6.1", System: "Debian", Keepalived: "Keepalived v2.2.7", Lbsync: "lbsync 1", Go: "go1.26", Load: "0 0 0"},
		Command: "lblab bench vrrp",
		Switches: []Switches{
			{c, lbsync, sample(322, 323, 325), sample(0.1, 0.2, 6), sample(8, 9, 10), sample(0.3, 0.4, 0.5)},
			{c, keepalived, sample(338, 339, 340), sample(0.2, 0.2, 0.3), sample(25, 26, 27), sample(17, 18, 20)}},
		Jitter: []Jitter{
			{System: lbsync, Load: "none", Interval: 10 * time.Millisecond, Seen: 1000, P50: 40e3, P99: 200e3, P999: 600e3, Max: 800e3},
			{System: keepalived, Load: "none", Interval: 10 * time.Millisecond, Seen: 990, Stalled: 10, P50: 90e3, P99: 300e3, P999: 500e3, Max: 700e3}},
		Costs: []Cost{
			{lbsync, 1000, 100 * time.Millisecond, 10 * time.Second, 100_000, 800e6, 600e6, 20e6, 21e6},
			{keepalived, 1000, 100 * time.Millisecond, 10 * time.Second, 100_000, 2500e6, 900e6, 15e6, 15e6}},
		Single: []Single{{lbsync, 12e6}, {keepalived, 14e6}},
		Steady: []Steady{{lbsync, "all busy", 100 * time.Millisecond, 10, 10 * time.Minute, 0, 101e6, 3}, {keepalived, "all busy", 100 * time.Millisecond, 10, 10 * time.Minute, 2, 420e6, 3}},
	}
}

// The page of some results, with figures that are reached and one that is not.
func TestPage(t *testing.T) { pagetest.Golden(t, Page, someResults().WritePage, *update) }
