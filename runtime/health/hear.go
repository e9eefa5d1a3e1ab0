package health

import (
	"bytes"
	"fmt"

	"github.com/lbsync/lbsync/runtime/health/probe"
)

// Judging an answer takes up to 2 ms for 64 KiB, by the expression, and how often there is more of it is the server's choice.
const (
	mostFreely = 16 << 10  // bytes of an answer that are judged in all, each time that there is more
	mostAtOnce = 4 << 10   // length of an answer that is judged as soon as it came; longer ones wait
	mostInTurn = 128 << 10 // bytes of these that are judged in a turn of the loop
)

// mostHeld is what the answers of a loop may take in all; beyond it those go on that are judged as soon as they come.
const mostHeld = 64 << 20

// heard is what came of an answer that is not yet certain.
type heard struct {
	b      []byte
	end    ending
	err    error // with cut
	frame  frame
	last   int // length that was judged last
	judged int // bytes that were judged in all
	waits  bool
}

// unjudged is an answer that waits to be judged; it is none any more when its check has another, or its probe is over.
type unjudged struct {
	c *check
	h *heard
}

// hear is given what was read; nothing: the server closed.
func (l *loop) hear(c *check, b []byte) {
	h := c.heard
	first := h == nil
	if first {
		h = &heard{b: b} // of the loop's buffer
	} else {
		h.b = append(h.b, b...)
		l.held += len(b)
	}
	switch {
	case len(b) == 0:
		h.end = ended
	case len(h.b) >= mostHeard:
		h.end = enough
	}
	l.weigh(c, h)
	if first && c.stage == talking {
		h.b = bytes.Clone(b)
		c.heard = h
		l.held += len(b)
	}
	if c.stage == talking && l.held > mostHeld && len(h.b) > mostAtOnce {
		l.finish(c, lacked(fmt.Sprintf("answers under way take %d MiB", mostHeld>>20)))
	}
}

// weigh has an answer judged, if that is worth it: a short one now, a long one in its turn.
func (l *loop) weigh(c *check, h *heard) {
	s := c.plan.http
	switch {
	case h.waits || !h.worth(s.method):
	case s.body == nil || len(h.b) <= mostAtOnce:
		l.judge(c, h)
	default:
		h.waits = true
		l.unjudged = append(l.unjudged, unjudged{c, h})
	}
}

// worth says whether an answer is to be judged as it is now: a little of it always, more when it is twice what it was, or all there.
func (h *heard) worth(method string) bool {
	return h.end != open || h.judged+len(h.b) <= mostFreely || len(h.b) >= 2*h.last || h.frame.ends(h.b, method)
}

// judge ends the probe of a check if its answer is certain, or if there will be no more of it.
func (l *loop) judge(c *check, h *heard) {
	h.waits, h.last, h.judged = false, len(h.b), h.judged+len(h.b)
	out, why := c.plan.http.read(h.b, h.end)
	switch {
	case out != more:
		l.finish(c, probe.Result{OK: out == good, Why: why, Weight: -1})
	case h.end == cut:
		l.finish(c, broken(c, h.err))
	case h.end == late:
		l.finish(c, failed("no complete answer within %s (%s received)%s", c.Timeout, octets(len(h.b)), c.plan.http.missing()))
	}
}

// judgeSome judges of the answers that wait for it as many as a turn may.
func (l *loop) judgeSome() {
	for left := mostInTurn; left > 0 && len(l.unjudged) > 0; {
		next := l.unjudged[0]
		l.unjudged[0], l.unjudged = unjudged{}, l.unjudged[1:]
		if next.c.heard == next.h {
			left -= len(next.h.b)
			l.judge(next.c, next.h)
		}
	}
}
