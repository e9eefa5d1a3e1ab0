package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// guard takes real-time priority away from a process that spins: under SCHED_RR it would starve the whole machine. The loop has a rank
// above the other threads, so that it sees to those too.
type guard struct {
	drop func(why string) // once

	idle    int           // wake-ups without work, one after the other
	begin   time.Duration // of the second that is measured
	cpu     time.Duration // of the process at its begin
	busy    int           // seconds, one after the other, in which it hardly waited
	dropped bool
}

const (
	idleMax   = 10_000 // an empty wake-up now and then is a signal of the garbage collector
	busyMax   = 10     // seconds: to remove thousands of IPv6 addresses takes some
	busyShare = 0.9
)

// woke counts a wake-up.
func (g *guard) woke(now time.Duration, worked bool) {
	if g.dropped || g.drop == nil {
		return
	}
	g.idle++
	if worked {
		g.idle = 0
	}
	if g.idle >= idleMax {
		g.fire("woke up 10,000 times without work")
		return
	}
	if now-g.begin >= time.Second {
		g.second(now, processTime())
	}
}

// second judges the time since the last judgement.
func (g *guard) second(now, cpu time.Duration) {
	if float64(cpu-g.cpu) < busyShare*float64(now-g.begin) {
		g.busy = -1
	}
	g.busy++
	g.begin, g.cpu = now, cpu
	if g.busy >= busyMax {
		g.fire("took nine tenths of a core for 10 seconds")
	}
}

func (g *guard) fire(why string) {
	g.dropped = true
	g.drop(why)
}

func processTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		panic("clock_gettime: " + err.Error())
	}
	return time.Duration(ts.Nano())
}
