package health

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"github.com/lbsync/lbsync/spec"
)

// Set says which checks are wanted: all of them, and one that is there several times is run once. Checks that stay keep their phase,
// state and counters. New ones begin with their state in states, without it with none, and are probed within their jitter.
func (r *Runner) Set(checks []spec.Check, states map[spec.Check]spec.CheckState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.round++
	r.configured = len(checks)
	for _, of := range checks {
		number := identity(of)
		c := r.checks.find(number, of)
		if c == nil {
			c = r.prepare(of, number)
			r.checks.add(c)
			c.loop.admitNew(c, states[of])
		}
		c.named = r.round
	}
	r.checks.sweep(func(c *check) bool { return c.named == r.round }, func(c *check) { c.loop.remove(c) })
	r.plans.forget(r.checks)
	for _, l := range r.loops {
		l.mu.Lock()
		l.ring()
		l.mu.Unlock()
	}
}

// prepare reads the settings of a new check. One whose settings are wrong is never probed and says why.
func (r *Runner) prepare(of spec.Check, number uint64) *check {
	c := &check{Check: of, number: number, weight: -1, toldWeight: -1}
	c.loop = r.loops[loopOf(of, len(r.loops))]
	var err error
	if of.Interval <= 0 || of.Timeout <= 0 || of.FastInterval <= 0 || of.DownInterval <= 0 {
		err = fmt.Errorf("interval and timeout of %s: want more than nothing", of)
	} else if ofLoop(of.Kind) {
		c.plan, err = r.plans.read(of)
	} else {
		c.probe, err = probe.New(of)
	}
	if err != nil {
		c.plan, c.probe, c.local = nil, nil, err.Error()
		r.log.Warn("cannot run a check", "check", of.String(), "error", err)
	}
	return c
}

// loopOf spreads addresses over loops: all checks of an address are in one, which bounds them together.
func loopOf(c spec.Check, loops int) int {
	return int(identity(spec.Check{Addr: probed(c)}) >> 32 % uint64(loops))
}

// admitNew takes a check into the loop.
func (l *loop) admitNew(c *check, state spec.CheckState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	c.since = now
	c.kind = l.kind(c.Kind)
	c.host = l.host(probed(c.Check).Addr())
	c.host.checks++
	runs := c.plan != nil || c.probe != nil
	if runs {
		c.judge.state, c.toldState = state, state
	}
	l.states[c.judge.state]++
	if !runs {
		return
	}
	c.pace = pace{every: warmup(&c.Check)} // until it was probed
	l.throng.rate += rateOf(c.pace.every)
	c.due = firstTurn(&c.Check, c.number, now)
	l.wheel.add(c, c.due)
}

// remove takes a check out of the loop, and gives up its probe.
func (l *loop) remove(c *check) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.gone = true
	l.states[c.judge.state]--
	if c.plan != nil || c.probe != nil {
		l.throng.rate -= rateOf(c.pace.every)
	}
	switch c.stage {
	case resting:
		l.wheel.remove(c)
	case connecting, talking:
		l.finish(c, probe.Result{})
	case running:
		c.abandon()
	}
	addr := probed(c.Check).Addr()
	if c.host.checks--; c.host.checks == 0 {
		delete(l.hosts, addr)
	}
}

func (l *loop) kind(name string) *kind {
	k := l.kinds[name]
	if k == nil {
		k = &kind{}
		l.kinds[name] = k
	}
	return k
}

func (l *loop) host(addr netip.Addr) *host {
	h := l.hosts[addr]
	if h == nil {
		h = &host{}
		l.hosts[addr] = h
	}
	return h
}

// close gives up all probes of the loop, and ends it.
func (l *loop) close() {
	l.mu.Lock()
	l.closed = true
	for _, c := range l.byFD {
		if c != nil {
			c.gone = true
			l.finish(c, probe.Result{})
		}
	}
	l.ring()
	l.mu.Unlock()
	l.probes.Wait()
}
