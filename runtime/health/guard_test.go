package health

import (
	"testing"
	"time"
)

func TestGuardOfAStall(t *testing.T) {
	var g guard
	g.woke(noon, noon.add(time.Second))
	if why := g.excuse(noon, noon.add(time.Second)); why != "" {
		t.Errorf("a second late: %s", why)
	}
	woke := noon.add(4 * time.Second)
	g.woke(noon, woke)
	if why, since := g.frozen(woke); why != "this host is late: it stood still for 4s" || since != woke {
		t.Errorf("frozen is %q since %d", why, since)
	}
	if g.excuse(woke.add(time.Second), woke.add(1500*time.Millisecond)) == "" {
		t.Error("a failure counts while verdicts are frozen")
	}
	thawed := woke.add(thawsAfter)
	if why, since := g.frozen(thawed); why != "" || since != 0 {
		t.Errorf("it does not thaw: %s", why)
	}
	if g.excuse(noon, thawed) == "" {
		t.Error("a failure of a probe that was under way in the stall counts")
	}
	if why := g.excuse(woke.add(time.Second), thawed); why != "" {
		t.Errorf("a failure of a probe that began after the stall does not count: %s", why)
	}
}

// More than a quarter of the probes late freezes verdicts; a few do not, and neither does half an interval.
func TestGuardOfLateTurns(t *testing.T) {
	for _, c := range []struct {
		by     time.Duration
		one    int // of so many
		frozen bool
	}{
		{0, 1, false}, {time.Second, 1, false}, {2 * time.Second, 1, false},
		{3 * time.Second, 1, true}, {3 * time.Second, 3, true}, {3 * time.Second, 5, false},
	} {
		var g guard
		now := noon
		for i := range 3000 {
			now = now.add(time.Millisecond)
			due := now
			if i%c.one == 0 {
				due = now.add(-c.by)
			}
			g.turn(due, now, 5*time.Second)
		}
		if why, _ := g.frozen(now); (why != "") != c.frozen {
			t.Errorf("each %dth of 3000 probes %s late: frozen is %q", c.one, c.by, why)
		}
	}
}

// It stays frozen for as long as it goes on, and tells when it began.
func TestGuardStays(t *testing.T) {
	var g guard
	for i := range 100 {
		now := noon.add(time.Duration(i) * time.Second)
		g.woke(now.add(-2*time.Second), now)
		if why, since := g.frozen(now); why == "" || since != noon {
			t.Fatalf("after %d stalls: %q since %d", i+1, why, since)
		}
	}
}
