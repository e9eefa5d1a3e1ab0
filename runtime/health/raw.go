package health

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of a probe never block, so Go's scheduler is not told of them: while all its processors are in such calls it looks after
// them every 20 µs, which took a quarter of the time of 3,000 probes a second on two processors.

func rawSocket(family, kind, protocol int) (int, error) {
	fd, _, errno := unix.RawSyscall(unix.SYS_SOCKET, uintptr(family), uintptr(kind), uintptr(protocol))
	return int(fd), errorOf(errno)
}

func rawLinger(fd int, l *unix.Linger) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER, uintptr(unsafe.Pointer(l)), unsafe.Sizeof(*l), 0)
	return errorOf(errno)
}

func rawConnect(fd int, sa unsafe.Pointer, size uintptr) error {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(sa), size)
	return errorOf(errno)
}

func rawWatch(epoll, fd int, e *unix.EpollEvent) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epoll), unix.EPOLL_CTL_ADD, uintptr(fd), uintptr(unsafe.Pointer(e)), 0, 0)
	return errorOf(errno)
}

func rawForget(epoll, fd int) {
	_, _, _ = unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epoll), unix.EPOLL_CTL_DEL, uintptr(fd), 0, 0, 0)
}

// rawPoll says what is with sockets, without waiting.
func rawPoll(polls []unix.PollFd) error {
	now := unix.Timespec{}
	_, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&polls[0])), uintptr(len(polls)), uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errorOf(errno)
}

// rawError is the error that a socket has; nil: none.
func rawError(fd int) error {
	code, size := int32(0), uint32(4)
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_ERROR, uintptr(unsafe.Pointer(&code)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return errorOf(unix.Errno(code))
}

// rawSend sends without SIGPIPE; b has something.
func rawSend(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errorOf(errno)
}

// rawRead reads; b has room.
func rawRead(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errorOf(errno)
}

func rawClose(fd int) {
	_, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
}

func errorOf(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
