package health

import (
	"math/bits"
	"time"
)

// tick is the grain of time: probes begin, and time out, up to so much late.
const tick = 5 * time.Millisecond

// slots is how many ticks the wheel has, 20 s; what is later waits in its slot for another round.
const slots = 4096

// wheel has each check at most once: the turn of its next probe, or the end of the one that is under way.
type wheel struct {
	slot [slots]*check
	used [slots / 64]uint64
	done int64 // tick up to which all was taken out
}

func ticks(t instant) int64 { return int64(t) / int64(tick) }

// add puts a check in for the first tick that is not before at.
func (w *wheel) add(c *check, at instant) {
	c.tick = max(ticks(at.add(tick-1)), w.done+1)
	i := c.tick % slots
	if c.next = w.slot[i]; c.next != nil {
		c.next.prev = c
	}
	w.slot[i] = c
	w.used[i/64] |= 1 << (i % 64)
}

// remove takes a check out; nothing happens when it is not in.
func (w *wheel) remove(c *check) {
	if c.tick == 0 {
		return
	}
	i := c.tick % slots
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		w.slot[i] = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	if w.slot[i] == nil {
		w.used[i/64] &^= 1 << (i % 64)
	}
	c.prev, c.next, c.tick = nil, nil, 0
}

// advance takes out all whose tick has come, and gives them to f, which may put them in again.
func (w *wheel) advance(now instant, f func(*check)) {
	to := ticks(now)
	first := max(w.done+1, to-slots+1)
	w.done = max(w.done, to)
	for t := first; t <= to; t++ {
		for c := w.slot[t%slots]; c != nil; {
			next := c.next
			if c.tick <= to {
				w.remove(c)
				f(c)
			}
			c = next
		}
	}
}

// until is the instant of the next tick that may have something; false: there is none.
func (w *wheel) until() (instant, bool) {
	from := (w.done + 1) % slots
	for n := int64(0); n <= slots; {
		i := (from + n) % slots
		if word := w.used[i/64] >> (i % 64); word != 0 {
			n += int64(bits.TrailingZeros64(word))
			return instant((w.done + 1 + n) * int64(tick)), true
		}
		n += 64 - i%64
	}
	return 0, false
}
