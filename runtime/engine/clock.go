package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock is the time of the loop: since an arbitrary moment, monotonic, and unmoved by changes of the wall clock or by suspend.
type clock struct {
	base time.Time
	boot time.Duration // what to add for the time since boot, which goes on over suspend
}

func newClock() clock {
	c := clock{base: time.Now()}
	c.sync(0)
	return c
}

// now needs no system call.
func (c *clock) now() time.Duration { return time.Since(c.base) }

// sync learns how long the machine was suspended. Between two calls the time since boot is at most too early, and then what was
// stamped with it looks older than it is.
func (c *clock) sync(now time.Duration) {
	c.boot = bootTime() - now
}

// bootTime is the time since boot, with suspend: it means the same to the next process.
func bootTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("clock_gettime: " + err.Error()) // every Linux since 2.6.39 has it
	}
	return time.Duration(ts.Nano())
}
