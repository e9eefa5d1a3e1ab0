package health

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// bareConnections is how many are made to learn what one costs.
const bareConnections = 10_000

// bare is the processor time of one connection with the calls of a tcp check and nothing else, made a few at a time without a pause: what
// the kernel of this machine takes for it at this moment.
func bare() (time.Duration, error) {
	const atOnce = 32
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("open epoll: %w", err)
	}
	defer func() { _ = unix.Close(epoll) }()
	begin := used()
	events := make([]unix.EpollEvent, atOnce)
	for i := 0; i < bareConnections; {
		open := 0
		for ; open < atOnce; open++ {
			if err := connectBare(epoll, i); err != nil {
				return 0, err
			}
			i++
		}
		for open > 0 {
			n, err := unix.EpollWait(epoll, events, -1)
			if err != nil && err != unix.EINTR {
				return 0, fmt.Errorf("wait for connections: %w", err)
			}
			for _, e := range events[:max(0, n)] {
				_ = unix.Close(int(e.Fd))
				open--
			}
		}
	}
	return (used() - begin) / bareConnections, nil
}

func connectBare(epoll, i int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return fmt.Errorf("set SO_LINGER: %w", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: address(i).Addr().As4()}); err != nil && err != unix.EINPROGRESS {
		return fmt.Errorf("connect: %w", err)
	}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLOUT, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("watch a socket: %w", err)
	}
	return nil
}
