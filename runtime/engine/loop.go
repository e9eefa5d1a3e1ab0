package engine

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// loop is the election. All of it belongs to its goroutine, which others reach by posting to the inbox.
type loop struct {
	clock   clock
	now     time.Duration // of this wake-up
	inbox   *mailbox
	orders  *orders
	page    *page
	bell    *bell
	guard   guard
	quantum time.Duration // wake-ups come at multiples of it; 0: when a deadline is
	brisk   bool          // some interval is short

	groups   []*group
	trackers []*tracker // by deadline id, behind the groups
	members  map[spec.InstanceKey]*member
	sockets  map[portKey]*socket
	outs     map[spec.InstanceKey]*outlet // of virtual MACs
	grounds  map[spec.InstanceKey]ground
	links    map[string]bool // whether an interface works
	due      *heap
	fds      []unix.PollFd
	polled   []*socket // of fds, behind the inbox
	synced   time.Duration

	// Collected in one wake-up, see flush.
	outlets []*outlet
	given   []given
	rang    bool

	datagrams [64]kernel.AdvertDatagram
	heard     vrrp.Advert
	timeout   unix.Timespec
	ended     bool
}

func newLoop(p *page) (*loop, error) {
	inbox, err := newMailbox()
	if err != nil {
		return nil, err
	}
	l := &loop{
		clock: newClock(), inbox: inbox, page: p, bell: newBell(), due: newHeap(0),
		members: map[spec.InstanceKey]*member{}, sockets: map[portKey]*socket{}, outs: map[spec.InstanceKey]*outlet{},
		grounds: map[spec.InstanceKey]ground{}, links: map[string]bool{},
	}
	l.watch()
	return l, nil
}

// post has the loop run something between two wake-ups.
func (l *loop) post(f func(*loop)) { l.inbox.post(func() { f(l) }) }

// run works until end is called.
func (l *loop) run() error {
	lead()
	for !l.ended {
		ready, err := l.wait()
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		l.now = l.clock.now()
		worked := false
		if ready > 0 {
			worked = l.read()
		}
		worked = l.expire() || worked
		l.flush()
		l.keepTime()
		l.guard.woke(l.now, worked || err != nil)
	}
	return nil
}

// wait is one ppoll until the next deadline.
func (l *loop) wait() (int, error) {
	var timeout *unix.Timespec
	if _, at, ok := l.due.first(); ok {
		if l.quantum > 0 {
			at = (at + l.quantum - 1) / l.quantum * l.quantum
		}
		l.timeout = unix.NsecToTimespec(max(int64(at-l.clock.now()), 0)) // the kernel writes to it: it is set anew each time
		timeout = &l.timeout
	}
	n, errno := l.poll(uintptr(unsafe.Pointer(timeout)))
	if errno != 0 {
		return 0, errno
	}
	return n, nil
}

// poll comes in two kinds. A raw system call keeps the thread's place to run Go code, which the runtime otherwise takes away and
// gives back late; the collector of garbage does not have to wait, its signal interrupts ppoll. But that signal comes a hundred
// times a second from then on, and costs a hundredth of a core: only short intervals are worth it.
func (l *loop) poll(timeout uintptr) (int, unix.Errno) {
	fds, count := uintptr(unsafe.Pointer(&l.fds[0])), uintptr(len(l.fds))
	if l.brisk {
		n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, fds, count, timeout, 0, 0, 0)
		return int(n), errno
	}
	n, _, errno := unix.Syscall6(unix.SYS_PPOLL, fds, count, timeout, 0, 0, 0)
	return int(n), errno
}

// read takes what poll has found, the sockets before the inbox, which may change them.
func (l *loop) read() (any bool) {
	for n, s := range l.polled {
		if l.fds[n+1].Revents != 0 {
			any = l.receive(s) || any
		}
	}
	if l.fds[0].Revents != 0 {
		any = l.inbox.run() || any
	}
	return any
}

// expire gives the groups their timers. When one is late the process did not run for a while, and what came in meanwhile counts
// first: silence that we caused ourselves is no sign of a dead master (V54).
func (l *loop) expire() (any bool) {
	reread := false
	for {
		id, at, ok := l.due.first()
		if !ok || at > l.now {
			return any
		}
		any = true
		if id >= len(l.groups) {
			l.ripen(l.trackers[id-len(l.groups)], l.now)
			continue
		}
		g := l.groups[id]
		if g.machine.Late(l.now) && !reread {
			reread = true
			l.now = l.clock.now()
			for _, s := range l.polled {
				l.receive(s)
			}
			continue
		}
		l.step(g.members[0], l.now, vrrp.Timer())
	}
}

// keepTime follows the time since boot, over a suspend too.
func (l *loop) keepTime() {
	if l.now-l.synced >= time.Second {
		l.synced = l.now
		l.clock.sync(l.clock.now())
	}
}

// watch makes the list for poll.
func (l *loop) watch() {
	l.fds = append(l.fds[:0], unix.PollFd{Fd: int32(l.inbox.fd), Events: unix.POLLIN})
	l.polled = l.polled[:0]
	for _, s := range l.sockets {
		if s.sock != nil {
			l.fds = append(l.fds, unix.PollFd{Fd: int32(s.sock.FD()), Events: unix.POLLIN})
			l.polled = append(l.polled, s)
		}
	}
}

func (l *loop) end() { l.ended = true }

func (l *loop) close() error { return l.inbox.close() }
