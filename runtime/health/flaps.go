package health

import (
	"time"

	"github.com/lbsync/lbsync/spec"
)

// flaps is the damping of a check that goes down again and again: each fall within a window after the one before doubles the
// successes that it takes to come up, up to 16 times Rise. Each window without a fall forgets one doubling.
type flaps struct {
	last    instant // when it fell last; 0: never
	doubled uint8   // as of then
}

const (
	mostDoubled   = 4 // 16 times
	leastWindow   = 5 * time.Minute
	windowsChecks = 20 // intervals that a window has at least
)

func window(c *spec.Check) time.Duration { return max(leastWindow, windowsChecks*c.Interval) }

// level is how often Rise is doubled now.
func (f *flaps) level(c *spec.Check, now instant) uint8 {
	quiet := int64(now.sub(f.last) / window(c))
	return uint8(max(0, int64(f.doubled)-quiet))
}

// fell counts a fall.
func (f *flaps) fell(c *spec.Check, now instant) {
	f.doubled = f.level(c, now)
	if f.last != 0 && now.sub(f.last) < window(c) && f.doubled < mostDoubled {
		f.doubled++
	}
	f.last = now
}
