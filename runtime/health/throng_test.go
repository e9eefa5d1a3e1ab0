package health

import (
	"testing"
	"time"
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
