package health

import (
	"context"
	"fmt"
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

	mu      sync.Mutex
	epoll   int
	bell    int // an eventfd that ends the wait
	wakeAt  instant
	closed  bool
	wheel   wheel
	turns   queue // checks whose turn has come
	throng  throng
	fullAt  instant // when the budget was last used up
	flying  int
	byFD    []*check
	hosts   map[netip.Addr]*host
	kinds   map[string]*kind
	states  [3]int // checks by state
	delay   spec.Histogram
	guard   guard
	lost    time.Duration // that this loop was late in all, and kept what came waiting
	frozen  string        // as of the last turn
	probes  sync.WaitGroup
	events  []unix.EpollEvent
	buffer  []byte
	request []byte
}

// kind are the probes of one kind.
type kind struct{ spec.KindCounts }

// never is the wake-up of a loop that has nothing to do.
const never = instant(1<<63 - 1)

func (l *loop) open() error {
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("open epoll: %w", err)
	}
	if l.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		_ = unix.Close(l.epoll)
		return fmt.Errorf("open eventfd: %w", err)
	}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, l.bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(l.bell)}); err != nil {
		_, _ = unix.Close(l.epoll), unix.Close(l.bell)
		return fmt.Errorf("watch eventfd: %w", err)
	}
	return nil
}

// run turns until the loop is closed.
func (l *loop) run() {
	for l.turn() {
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = unix.Close(l.epoll), unix.Close(l.bell)
	l.bell = -1
}

// turn waits and does what there is to do then.
func (l *loop) turn() bool {
	n, err := unix.EpollWait(l.epoll, l.events, l.untilNext())
	if err != nil {
		n = 0 // EINTR: nothing happened
	}
	l.mu.Lock()
	now := l.clock()
	l.guard.woke(l.wakeAt, now)
	l.lose(now.sub(l.wakeAt))
	// What came goes before what ran out: after a stall both are there.
	for _, e := range l.events[:n] {
		if int(e.Fd) == l.bell {
			l.silence()
		} else if c := l.byFD[e.Fd]; c != nil {
			l.event(c, e.Events)
		}
	}
	l.wheel.advance(now, func(c *check) { l.expire(c, now) })
	if !l.closed {
		l.begin(now)
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
	if l.guard.since != 0 {
		l.wakeAt = min(l.wakeAt, l.clock().add(thawsAfter))
	}
}

// untilNext is for epoll_wait(2), in milliseconds.
func (l *loop) untilNext() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0
	}
	if l.wakeAt == never {
		return -1
	}
	wait := l.wakeAt.sub(l.clock())
	return int(max(0, min((wait+time.Millisecond-1)/time.Millisecond, 1<<20)))
}

// ring ends the wait of the loop; the lock is held.
func (l *loop) ring() {
	if l.bell < 0 {
		return // the loop has ended
	}
	_, _ = unix.Write(l.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (l *loop) silence() {
	var b [8]byte
	_, _ = unix.Read(l.bell, b[:])
}

// adopt ties a socket to the probe of a check.
func (l *loop) adopt(c *check, fd int) {
	for len(l.byFD) <= fd {
		l.byFD = append(l.byFD, nil)
	}
	l.byFD[fd] = c
	c.fd, c.stage, c.sent = int32(fd), connecting, 0
}

// drop closes the socket of a check's probe, if it has one.
func (l *loop) drop(c *check) {
	if c.stage != connecting && c.stage != talking {
		return
	}
	l.byFD[c.fd] = nil
	rawClose(int(c.fd))
	c.heard = nil
}
