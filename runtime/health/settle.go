package health

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"github.com/lbsync/lbsync/spec"
)

// answerSlack is how much later than its time a failure may be noticed; what is later is this host's fault.
func answerSlack(timeout time.Duration) time.Duration { return max(50*time.Millisecond, timeout/4) }

// settle has the result of a probe counted.
func (l *loop) settle(c *check, result probe.Result, now instant) {
	took := now.sub(c.began)
	if why := l.uncounted(c, result, took, now); why != "" {
		l.miss(c, 1, why)
		return
	}
	c.last, c.took = now, int64(took)
	if result.OK {
		c.kind.OK++
		c.kind.Took.Add(took)
	} else {
		c.kind.Failed++
		c.why = result.Why
	}
	before := c.judge.state
	if c.judge.take(&c.Check, result.OK, now) {
		l.states[before]--
		l.states[c.judge.state]++
		c.since = now
		if result.OK {
			c.why = ""
		}
	}
	if result.OK {
		c.weight = max(-1, result.Weight)
	}
	if c.judge.state != c.toldState || c.weight != c.toldWeight {
		l.news.add(c)
	}
}

// uncounted is why a result says nothing of the server; "": it does. A success always does.
func (l *loop) uncounted(c *check, result probe.Result, took time.Duration, now instant) string {
	switch {
	case result.OK:
		return ""
	case result.Local:
		return result.Why
	}
	if late := took - c.Timeout; late > answerSlack(c.Timeout) {
		return fmt.Sprintf("this host is late: its timeout was noticed %s after its time", late.Round(time.Millisecond))
	}
	return l.guard.excuse(c.began, now)
}

// status is a check for people.
func (c *check) status(now instant) spec.CheckStatus {
	s := spec.CheckStatus{Verdict: c.verdict(), Count: c.judge.count, OK: c.judge.ok, Last: c.last.time(), Took: time.Duration(c.took), Skipped: c.skipped, Local: c.local}
	if rise := c.judge.rise(&c.Check, now); rise > max(1, c.Rise) {
		s.Damped = rise
	}
	return s
}
