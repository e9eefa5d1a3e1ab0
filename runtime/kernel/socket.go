package kernel

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// answerTimeout bounds the wait for an answer. The kernel works within the system call that sends, so an answer is there at once,
// or it was lost.
const answerTimeout = 5 * time.Second

// Buffers: an error answer takes about 1 KB of the receive buffer, and a whole batch may fail. A dump comes in pieces of up to
// 32 KB when the reader offers as much (netlink_dump).
const (
	socketBuffer = 8 << 20
	readBuffer   = 64 << 10
)

var errLost = errors.New("the kernel's answer was lost")

// socket is a generic netlink socket. It is a file of the runtime's poller, so that waits have deadlines.
type socket struct {
	file *os.File
	conn syscall.RawConn
	seq  uint32
	read []byte
	out  messages
}

func openSocket() (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_GENERIC)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	s := &socket{file: os.NewFile(uintptr(fd), "netlink"), read: make([]byte, readBuffer)}
	if s.conn, err = s.file.SyscallConn(); err == nil {
		err = tune(fd)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up netlink socket: %w", err), s.file.Close())
	}
	return s, nil
}

func tune(fd int) error {
	// The forced sizes need CAP_NET_ADMIN; whether the caller has it is found out, and said, by the first request.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, socketBuffer)
	// Without the cap every error answer repeats the request.
	if err := unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	// Connected to the kernel (port 0), the socket takes messages from nobody else.
	return unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

func (s *socket) close() error { return s.file.Close() }

// begin opens the next message and returns its number.
func (s *socket) begin(family uint16, cmd, version uint8, flags uint16) uint32 {
	s.seq++
	s.out.begin(family, cmd, version, flags, s.seq)
	return s.seq
}

// send hands the collected messages to the kernel, which works through them before it returns.
func (s *socket) send(ctx context.Context) error {
	var sent error
	err := s.conn.Write(func(fd uintptr) bool {
		_, sent = unix.Write(int(fd), s.out.buf)
		return sent != unix.EAGAIN
	})
	if err = errors.Join(err, sent); err != nil {
		return fmt.Errorf("send to the kernel: %w", err)
	}
	if err := s.file.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	// watch moves the deadline to the past when the context ends; where it did so before, this sees it.
	return ctx.Err()
}

// receive is the next piece of answer; it is valid until the next call.
func (s *socket) receive(ctx context.Context) ([]byte, error) {
	var n int
	var read error
	err := s.conn.Read(func(fd uintptr) bool {
		n, read = unix.Read(int(fd), s.read)
		return read != unix.EAGAIN
	})
	switch err = errors.Join(err, read); {
	case err == nil:
		return s.read[:n], nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, unix.ENOBUFS):
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	return nil, fmt.Errorf("receive from the kernel: %w", err)
}

// watch makes waits on the socket end with the context. The function it returns ends the watch.
func (s *socket) watch(ctx context.Context) func() {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = s.file.SetReadDeadline(time.Unix(1, 0)) // fails only on a closed file, where no wait is
		close(done)
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// exchange sends the collected messages and hands each answer to them to on, until it says that it has the last. Answers to older,
// given up requests are passed over.
func (s *socket) exchange(ctx context.Context, on func(answer) (last bool, err error)) error {
	first := binary.NativeEndian.Uint32(s.out.buf[8:])
	if err := s.send(ctx); err != nil {
		return err
	}
	for {
		b, err := s.receive(ctx)
		if err != nil {
			return err
		}
		for a, err := range answers(b) {
			if err != nil {
				return err
			}
			if a.seq-first > s.seq-first { // also when numbers wrap around
				continue
			}
			if last, err := on(a); last || err != nil {
				return err
			}
		}
	}
}
