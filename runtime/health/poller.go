package health

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for sockets. It is an epoll(7) that Go's own watches in turn: a goroutine that waits in epoll_wait(2) by itself has Go
// look after its thread, every 20 µs at first, each time it begins to wait.
type poller struct {
	file   *os.File
	conn   syscall.RawConn
	fd     int
	bell   int // an eventfd that ends the wait
	timer  int // a timerfd that does: Go would wake twice, since it waits for whole milliseconds
	events []unix.EpollEvent
	came   int
}

func newPoller() (*poller, error) {
	p := &poller{events: make([]unix.EpollEvent, mostEvents)}
	var err error
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("open epoll: %w", err)
	}
	if err := p.prepare(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *poller) prepare() error {
	err := unix.SetNonblock(p.fd, true) // which tells Go that it can be waited for
	p.file = os.NewFile(uintptr(p.fd), "epoll")
	if err := errors.Join(err, p.file.SetReadDeadline(time.Time{})); err != nil { // which fails for what Go does not wait for
		return fmt.Errorf("have Go watch an epoll: %w", err)
	}
	if p.conn, err = p.file.SyscallConn(); err != nil {
		return fmt.Errorf("watch an epoll: %w", err)
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return fmt.Errorf("open eventfd: %w", err)
	}
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return fmt.Errorf("open timerfd: %w", err)
	}
	// By edges, so that neither has to be read.
	return errors.Join(p.watch(p.bell, unix.EPOLLIN|unix.EPOLLET), p.watch(p.timer, unix.EPOLLIN|unix.EPOLLET))
}

// watch has events of a socket told until it is forgotten.
func (p *poller) watch(fd int, events uint32) error {
	return rawWatch(p.fd, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// forget has nothing more told of a socket.
func (p *poller) forget(fd int) { rawForget(p.fd, fd) }

// wait ends when something came, at the latest after d, below 0 whenever it comes; what came may be the bell or the timer. It is
// overwritten by the next wait.
func (p *poller) wait(d time.Duration) []unix.EpollEvent {
	if p.look(uintptr(p.fd)); p.came == 0 && d != 0 {
		p.alarm(max(0, d))
		_ = p.conn.Read(p.look) // which fails for a file that was closed
	}
	return p.events[:p.came]
}

// more is what has come that was not told yet, without a wait; it overwrites what was.
func (p *poller) more() []unix.EpollEvent {
	p.look(uintptr(p.fd))
	return p.events[:p.came]
}

// alarm sets the timer; 0: it does not ring.
func (p *poller) alarm(d time.Duration) {
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	_, _, _ = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(p.timer), 0, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
}

// look says whether something came.
func (p *poller) look(fd uintptr) bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	if p.came = int(n); errno != 0 {
		p.came = 0
	}
	return p.came > 0
}

// ring ends a wait, or the next one.
func (p *poller) ring() {
	_, _ = unix.Write(p.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (p *poller) close() error {
	for _, fd := range []int{p.bell, p.timer} {
		if fd > 0 {
			_ = unix.Close(fd)
		}
	}
	return p.file.Close()
}
