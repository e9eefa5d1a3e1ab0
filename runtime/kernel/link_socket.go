package kernel

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// routeSocket is a routing netlink socket. It does not block and makes raw system calls, so that a loop with real-time deadlines keeps
// its P: a request is worked off within the call that sends it, and its answers are there when that returns.
type routeSocket struct {
	fd   int
	seq  uint32
	read []byte
	out  messages
}

func openRouteSocket() (*routeSocket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open routing socket: %w", err)
	}
	s := &routeSocket{fd: fd, read: make([]byte, readBuffer)}
	if err = tune(fd); err == nil {
		// Dumps are filtered by interface only for those who check strictly.
		err = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	}
	if err != nil {
		return nil, fmt.Errorf("set up routing socket: %w", closing(fd, err))
	}
	return s, nil
}

// begin opens a message; its fixed part is for the caller to append.
func (s *routeSocket) begin(typ, flags uint16) *messages {
	s.seq++
	s.out.begin(typ, 0, 0, flags, s.seq)
	s.out.buf = s.out.buf[:len(s.out.buf)-genlHeader]
	return &s.out
}

// send hands over the collected messages. What is left of older answers is thrown away first.
func (s *routeSocket) send() error {
	for errno := unix.Errno(0); errno == 0 || errno == unix.ENOBUFS; {
		_, errno = rawRead(s.fd, s.read)
	}
	_, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(s.out.buf))), uintptr(len(s.out.buf)))
	s.out.reset()
	if errno != 0 {
		return fmt.Errorf("send to the kernel: %w", errno)
	}
	return nil
}

func rawRead(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// exchange sends the collected messages and hands each answer to on, until it says that it has the last.
func (s *routeSocket) exchange(on func(answer) (last bool, err error)) error {
	if err := s.send(); err != nil {
		return err
	}
	for {
		n, errno := rawRead(s.fd, s.read)
		if errno != 0 {
			return fmt.Errorf("%w: %w", errLost, errno)
		}
		for a, err := range answers(s.read[:n]) {
			if err != nil {
				return err
			}
			if last, err := on(a); last || err != nil {
				return err
			}
		}
	}
}

// ask sends the one collected request and hands its answers to on. The error is the kernel's verdict.
func (s *routeSocket) ask(on func(answer) error) error {
	var verdict error
	err := s.exchange(func(a answer) (bool, error) {
		if a.flags&unix.NLM_F_DUMP_INTR != 0 {
			verdict = unix.EINTR
		}
		switch a.typ {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			errno, err := a.outcome()
			if errno != 0 {
				verdict = errno
			}
			return true, err
		}
		return false, on(a)
	})
	return errors.Join(err, verdict)
}
