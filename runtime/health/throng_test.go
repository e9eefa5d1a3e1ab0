package health

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// After a stall of 10 s, 3,333 probes/s go on at twice that and not at once.
func TestThrong(t *testing.T) {
	g := throng{}
	for range 10_000 {
		g.rate += rateOf(3 * time.Second)
	}
	now := noon
	g.refill(now)
	now = now.add(10 * time.Second)
	begun := 0
	for range 200 { // a second
		g.refill(now)
		for g.may >= 1 {
			g.may--
			begun++
		}
		now = now.add(tick)
	}
	if begun < 6600 || begun > 6760 {
		t.Errorf("%d begun in a second, want twice 3333", begun)
	}
	for range 10_000 {
		g.rate -= rateOf(3 * time.Second)
	}
	if g.rate != 0 {
		t.Errorf("without checks the rate is %d", g.rate)
	}
}

// The first probe after a start begins when it is due: there is nothing that could have piled up.
func TestFirstProbeIsOnTime(t *testing.T) {
	h := newByHand(t)
	of := aCheck(1, 1)
	of.Interval, of.Jitter = 20*time.Second, 20*time.Second
	list := many(100, of)
	of = slices.MinFunc(list, func(a, b spec.Check) int {
		return cmp.Compare(firstTurn(&a, identity(a), noon), firstTurn(&b, identity(b), noon))
	})
	standIn(h.Runner, of, succeeds)
	h.turn()
	h.pass(firstTurn(&of, identity(of), noon).sub(noon) + tick)
	if n := h.begun(); n != 1 {
		t.Errorf("%d probes began by when the first is due, want 1", n)
	}
}
