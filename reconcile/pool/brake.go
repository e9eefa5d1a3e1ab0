package pool

import (
	"fmt"
	"time"
)

// leastChecks is how many checks a director must run before the brake of all of them can act: a handful that fails together says nothing
// about this director's own network.
const leastChecks = 10

// brake keeps real servers where they are when too many fail at once, until it is clear that it is they who fail.
type brake struct {
	limit  uint32      // percent that may fail within one interval; 100 or more: no brake
	failed []time.Time // when, of those that failed within the last interval
	on     bool
	since  time.Time
	real   bool // another director sees the same: the failures are believed until they are fewer
}

func (b *brake) keep(was brake) {
	limit := b.limit
	*b = was
	b.limit = limit
}

// over says whether so many of a number are more than the limit.
func (b *brake) over(n, of int) bool { return n*100 > int(b.limit)*of }

// fail notes a failure, with the time within which others count as the same event.
func (b *brake) fail(now time.Time, interval time.Duration) {
	keep := 0
	for keep < len(b.failed) && now.Sub(b.failed[keep]) > interval {
		keep++
	}
	b.failed = append(b.failed[keep:], now)
}

// judge says whether the brake is on, with how many are down of how many; changed: it was not before, or was.
func (b *brake) judge(down, of int, now time.Time) (changed bool) {
	was := b.on
	switch {
	case !b.over(down, of):
		b.on, b.real = false, false
	case !b.on && !b.real && b.over(len(b.failed), of):
		b.on, b.since = true, now
	}
	return b.on != was
}

func (b *brake) why(down, of int, what string) string {
	return fmt.Sprintf("%d of %d %s fail, more than %d %% within one interval: weights are left as they are", down, of, what, b.limit)
}
