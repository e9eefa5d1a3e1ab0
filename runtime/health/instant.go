package health

import "time"

// instant is nanoseconds since 1970 by a clock that does not jump: the wall's reading when the runner began, and what passed since
// then. Phases are taken of it, so that they outlive a restart, and setting the clock moves nothing.
type instant int64

func (t instant) add(d time.Duration) instant { return t + instant(d) }
func (t instant) sub(u instant) time.Duration { return time.Duration(t - u) }

// time is the zero time for an instant that never was.
func (t instant) time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(t))
}

func newClock() func() instant {
	begin := time.Now()
	wall := instant(begin.UnixNano())
	return func() instant { return wall.add(time.Since(begin)) }
}
