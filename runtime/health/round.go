package health

import (
	"context"
	"fmt"
	"time"

	"github.com/lbsync/lbsync/runtime/health/probe"
)

// expire is called when the tick of a check has come: its turn, or the end of its probe's time.
func (l *loop) expire(c *check, now instant) {
	if c.stage != resting {
		l.timedOut(c)
		return
	}
	l.guard.turn(c.due, now, c.judge.pace(&c.Check).every)
	c.stage = queued
	l.turns.push(c)
}

// begin starts the probes whose turn has come, as far as bounds allow.
func (l *loop) begin(now instant) {
	defer l.greet()
	l.throng.refill(now)
	for l.throng.may >= 1 && l.flying < l.budget {
		c := l.turns.pop()
		if c == nil {
			return
		}
		switch {
		case c.gone:
			l.release(c.host) // it may have been let go in place of another
		case l.admit(c, now):
			l.throng.may--
			l.start(c)
		}
	}
	if l.flying >= l.budget {
		l.fullAt = now
	}
}

// mostLeftOut is how often in a row a check is left out: where it is always late, a late probe is better than none.
const mostLeftOut = 3

// admit says whether the probe of a check may begin now. One that is due for more than half of its interval is left out: the next
// round is nearer.
func (l *loop) admit(c *check, now instant) bool {
	late, pace := now.sub(c.due), c.judge.pace(&c.Check)
	if late > pace.every/2 && c.leftOut < mostLeftOut {
		why := l.whyLate(c, late)
		c.leftOut++
		l.miss(c, 1+l.rest(c, now), why)
		l.release(c.host)
		return false
	}
	if c.host.flying >= l.perHost {
		c.stage, c.held = waiting, true
		c.host.queue.push(c)
		return false
	}
	if _, passed := following(c.due, now, c.number, pace); passed > 0 {
		l.miss(c, passed, l.whyLate(c, late))
	}
	return true
}

func (l *loop) whyLate(c *check, by time.Duration) string {
	switch {
	case c.held:
		return fmt.Sprintf("%d probes to %s were under way", l.perHost, c.Probed())
	case l.fullAt >= c.due:
		return fmt.Sprintf("%d probes were under way", l.budget)
	}
	return fmt.Sprintf("this host is late by %s", by.Round(10*time.Millisecond))
}

// start begins the probe of a check.
func (l *loop) start(c *check) {
	c.began, c.lost = l.clock(), l.lost
	c.held, c.leftOut = false, 0
	l.flying++
	c.host.flying++
	l.delay.Add(c.began.sub(c.due))
	if c.plan != nil {
		l.connect(c)
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, c.Timeout)
	c.stage, c.abandon = running, cancel
	l.probes.Go(func() { l.probe(ctx, c) })
}

// probe runs one of the kinds that are not the loop's, in a goroutine of its own.
func (l *loop) probe(ctx context.Context, c *check) {
	result := c.probe(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	c.abandon()
	l.finish(c, result)
	if l.turns.first != nil || c.tick != 0 && instant(c.tick*int64(tick)) < l.wakeAt {
		l.ring()
	}
}

// finish ends the probe of a check. One that Set has removed meanwhile leaves nothing behind.
func (l *loop) finish(c *check, result probe.Result) {
	l.wheel.remove(c)
	l.drop(c)
	l.flying--
	c.host.flying--
	l.release(c.host)
	c.stage, c.abandon = resting, nil
	if c.gone {
		return
	}
	now := l.clock()
	l.settle(c, result, now)
	due := c.due
	missed := l.rest(c, now)
	// Rounds that passed while the probe took its time are no fault of this host.
	ends := c.began.add(c.Timeout + answerSlack(c.Timeout))
	if _, own := following(due, min(now, ends), c.number, c.pace); missed > own {
		l.miss(c, missed-own, fmt.Sprintf("this host is late by %s", now.sub(ends).Round(10*time.Millisecond)))
	}
}

// release has the next check that waits for a host take its turn.
func (l *loop) release(h *host) {
	for h.flying < l.perHost {
		c := h.queue.pop()
		if c == nil {
			return
		}
		if !c.gone {
			c.stage = queued
			l.turns.push(c)
			return
		}
	}
}

// rest has a check wait for its next turn, and says how many it has missed.
func (l *loop) rest(c *check, now instant) (missed uint64) {
	before := c.pace.every
	c.pace = c.judge.pace(&c.Check)
	l.throng.rate += rateOf(c.pace.every) - rateOf(before)
	c.due, missed = following(c.due, now, c.number, c.pace)
	c.stage, c.held = resting, false
	l.wheel.add(c, c.due)
	return missed
}

// miss counts probes that were not made, or do not count.
func (l *loop) miss(c *check, n uint64, why string) {
	c.skipped += n
	c.kind.Skipped += n
	c.local = why
}
