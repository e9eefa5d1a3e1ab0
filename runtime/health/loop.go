package health

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
	"golang.org/x/sys/unix"
)

// loop runs the checks of a part of all addresses: its goroutine waits for sockets and for the next tick, and begins, reads and ends
// probes. The lock is held by whoever works on checks; the goroutine gives it up only while it waits.
type loop struct {
	clock   func() instant
	say     func(frozen string) // told when verdicts freeze ("": thaw), without the lock
	news    *news
	ctx     context.Context
	budget  int // most probes under way
	perHost int // most of them to one address

	mu       sync.Mutex
	poller   *poller // nil: the loop has ended
	wakeAt   instant
	closed   bool
	wheel    wheel
	turns    queue // checks whose turn has come
	throng   throng
	fresh    fresh
	unjudged []unjudged // first in, first out
	held     int        // bytes of answers that are not certain
	fullAt   instant    // when the budget was last used up
	flying   int
	byFD     []*check
	hosts    map[netip.Addr]*host
	kinds    map[string]*kind
	states   [3]int // checks by state
	delay    spec.Histogram
	guard    guard
	lost     time.Duration // that this loop was late in all, and kept what came waiting
	frozen   string        // as of the last turn
	probes   sync.WaitGroup
	buffer   []byte
	request  []byte
}

// kind are the probes of one kind.
type kind struct{ spec.KindCounts }

// never is the wake-up of a loop that has nothing to do.
const never = instant(1<<63 - 1)

// run turns until the loop is closed.
func (l *loop) run() {
	for l.turn() {
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.poller.close()
	l.poller = nil
}

// turn waits and does what there is to do then.
func (l *loop) turn() bool {
	came := l.poller.wait(l.untilNext())
	l.mu.Lock()
	now := l.clock()
	l.guard.woke(l.wakeAt, now)
	l.lose(now.sub(l.wakeAt))
	l.hearAll(came)
	l.wheel.advance(now, func(c *check) { l.expire(c, now) })
	if !l.closed {
		l.begin(now)
		l.judgeSome()
	}
	l.lose(l.clock().sub(now))
	l.planWake()
	why, _ := l.guard.frozen(now)
	changed := why != l.frozen
	l.frozen = why
	open := !l.closed
	l.mu.Unlock()
	if changed {
		l.say(why)
	}
	return open
}

// hearAll is told what came, and looks for the rest: what came goes before what ran out, and after a stall both are there. No socket is
// opened meanwhile, so that each is of the probe that it was when it was looked at.
func (l *loop) hearAll(came []unix.EpollEvent) {
	const own = 2 // bell and timer
	for range 1 + (l.flying+own)/mostEvents {
		for _, e := range came {
			if int(e.Fd) < len(l.byFD) && l.byFD[e.Fd] != nil {
				l.event(l.byFD[e.Fd], e.Events)
			}
		}
		if len(came) < mostEvents {
			return
		}
		came = l.poller.more()
	}
}

// lose counts a time for which nobody looked.
func (l *loop) lose(d time.Duration) {
	if d > 2*tick {
		l.lost += d
	}
}

// planWake says when the loop goes on unless something happens before.
func (l *loop) planWake() {
	l.wakeAt = never
	if at, ok := l.wheel.until(); ok {
		l.wakeAt = at
	}
	if l.turns.first != nil && l.flying < l.budget {
		l.wakeAt = min(l.wakeAt, l.clock().add(tick))
	}
	if len(l.unjudged) > 0 {
		l.wakeAt = l.clock()
	}
	if l.guard.since != 0 {
		l.wakeAt = min(l.wakeAt, l.clock().add(thawsAfter))
	}
}

// untilNext is how long the loop may wait; below 0: until something happens.
func (l *loop) untilNext() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0
	}
	if l.wakeAt == never {
		return -1
	}
	return max(0, l.wakeAt.sub(l.clock()))
}

// ring ends the wait of the loop; the lock is held.
func (l *loop) ring() {
	if l.poller != nil {
		l.poller.ring()
	}
}

// adopt ties a socket to the probe of a check.
func (l *loop) adopt(c *check, fd int) {
	for len(l.byFD) <= fd {
		l.byFD = append(l.byFD, nil)
	}
	l.byFD[fd] = c
	c.fd, c.stage, c.sent, c.watched = int32(fd), connecting, 0, false
}

// drop closes the socket of a check's probe, if it has one. To close it does not end that it is watched while a child that has yet to
// execute its program holds a copy, and its number is soon another's.
func (l *loop) drop(c *check) {
	if c.stage != connecting && c.stage != talking {
		return
	}
	l.byFD[c.fd] = nil
	if c.watched {
		l.poller.forget(int(c.fd))
	}
	rawClose(int(c.fd))
	if h := c.heard; h != nil {
		l.held -= len(h.b)
		h.b, c.heard = nil, nil // it may wait to be judged, where nothing of it is held any more
	}
}
