package health

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"pgregory.net/rapid"
)

// many are checks of neighbouring addresses, as a fleet has them.
func many(n int, like spec.Check) []spec.Check {
	out := make([]spec.Check, n)
	for i := range out {
		out[i] = like
		out[i].Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 80)
	}
	return out
}

// The phase is the same in every process and in every version: what is written here was computed once.
func TestIdentity(t *testing.T) {
	c := aCheck(2, 3)
	c.Addr = netip.MustParseAddrPort("192.0.2.21:80")
	if got := identity(c); got != 0xeed0dc4ab4dd04aa {
		t.Errorf("identity is %#x: all phases of all fleets move with it", got)
	}
	fields := []func(*spec.Check){
		func(c *spec.Check) { c.Kind = "http" }, func(c *spec.Check) { c.Addr = netip.MustParseAddrPort("192.0.2.21:81") }, func(c *spec.Check) { c.Settings = "path=%2F" },
		func(c *spec.Check) { c.Interval++ }, func(c *spec.Check) { c.Timeout++ }, func(c *spec.Check) { c.FastInterval++ }, func(c *spec.Check) { c.DownInterval++ },
		func(c *spec.Check) { c.Jitter++ }, func(c *spec.Check) { c.Rise++ }, func(c *spec.Check) { c.Fall++ },
	}
	for i, change := range fields {
		other := c
		change(&other)
		if identity(other) == identity(c) {
			t.Errorf("field %d has no part in the identity", i)
		}
	}
}

// 10,000 checks begin within one interval, and in no twentieth of it more than a fifth above the mean.
func TestStartIsSpread(t *testing.T) {
	const parts = 20
	var count [parts]int
	for _, c := range many(10_000, aCheck(2, 3)) {
		at := firstTurn(&c, identity(c), noon).sub(noon)
		if at <= 0 || at > c.Interval {
			t.Fatalf("%s begins after %s", c, at)
		}
		count[min(parts-1, at*parts/c.Interval)]++
	}
	for i, n := range count {
		if mean := 10_000 / parts; n > mean*6/5 {
			t.Errorf("%d begin in part %d, the mean is %d", n, i, mean)
		}
	}
}

func TestJitterBoundsTheFirstTurn(t *testing.T) {
	like := aCheck(2, 3)
	like.Jitter = 100 * time.Millisecond
	for _, c := range many(1000, like) {
		first := firstTurn(&c, identity(c), noon)
		if by := first.sub(noon); by <= 0 || by > like.Jitter {
			t.Fatalf("%s is put off by %s", c, by)
		}
		if next, _ := following(first, first, identity(c), pace{c.Interval, true}); next.sub(first) > c.Interval || next%instant(c.Interval) != instant(identity(c)%uint64(c.Interval)) {
			t.Fatalf("%s goes on %s later, at phase %d", c, next.sub(first), next%instant(c.Interval))
		}
	}
}

// The rounds on the grid are the same whenever somebody asks: before a restart and after it.
func TestGridIsForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint64().Draw(t, "number")
		every := time.Duration(rapid.Int64Range(1e8, 1e13).Draw(t, "every"))
		now := noon.add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "after")))
		next := onGrid(now, number, every)
		if by := next.sub(now); by <= 0 || by > every {
			t.Fatalf("the next round is %s away of %s", by, every)
		}
		last := next.sub(now) - 1
		restarted := now.add(rapid.SampledFrom([]time.Duration{0, min(1, last), last}).Draw(t, "restart"))
		if again := onGrid(restarted, number, every); again != next {
			t.Fatalf("asked later, the next round is %s off", again.sub(next))
		}
	})
}

// A round that was due more than half an interval ago is missed and counted; the others are kept, and nothing adds up.
func TestFollowing(t *testing.T) {
	const every = 4 * time.Second
	for _, c := range []struct {
		late   time.Duration
		after  time.Duration
		missed uint64
	}{
		{0, every, 0}, {every, every, 0}, {every + every/2, every, 0}, {every + every/2 + 1, 2 * every, 1},
		{2*every + every/2, 2 * every, 1}, {2*every + every/2 + 1, 3 * every, 2}, {100 * every, 100 * every, 99},
	} {
		for _, grid := range []bool{false, true} {
			t.Run(fmt.Sprint(c.late, grid), func(t *testing.T) {
				due := onGrid(noon, 12345, every)
				at, missed := following(due, due.add(c.late), 12345, pace{every, grid})
				if at.sub(due) != c.after || missed != c.missed {
					t.Errorf("goes on after %s and misses %d, want %s and %d", at.sub(due), missed, c.after, c.missed)
				}
			})
		}
	}
}
