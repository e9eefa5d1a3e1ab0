package health

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// port is where all servers listen.
const port = 9000

// Serve is every server of a case, in one process: it accepts on all addresses, answers requests, and ends with stdin. The word
// "refuse" there closes the port, and is answered.
func Serve(in io.Reader, out io.Writer) error {
	s, err := newServer()
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.run() }()
	if _, err := fmt.Fprintln(out, "listening"); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if lines.Text() != "refuse" {
			return fmt.Errorf("a server knows refuse, and not %q", lines.Text())
		}
		// shutdown(2) ends listening at once; close(2) would leave it to epoll.
		if err := unix.Shutdown(s.listener, unix.SHUT_RDWR); err != nil {
			return fmt.Errorf("close the port: %w", err)
		}
		if _, err := fmt.Fprintln(out, "refusing"); err != nil {
			return err
		}
	}
	select {
	case err := <-done:
		return err
	default:
		return nil
	}
}

type epollServer struct {
	listener, epoll int
	buffer          []byte
}

func newServer() (s *epollServer, err error) {
	s = &epollServer{buffer: make([]byte, 4096)}
	if s.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	err = errors.Join(
		unix.SetsockoptInt(s.listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(s.listener, &unix.SockaddrInet4{Port: port}),
		unix.Listen(s.listener, 65535))
	if err != nil {
		return nil, fmt.Errorf("listen at port %d: %w", port, err)
	}
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("open epoll: %w", err)
	}
	return s, s.watch(s.listener)
}

func (s *epollServer) watch(fd int) error {
	err := unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	if err != nil {
		return fmt.Errorf("watch a socket: %w", err)
	}
	return nil
}

func (s *epollServer) run() error {
	events := make([]unix.EpollEvent, 512)
	for {
		n, err := unix.EpollWait(s.epoll, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for connections: %w", err)
		}
		for _, e := range events[:n] {
			if int(e.Fd) != s.listener {
				s.answer(int(e.Fd))
			} else if err := s.accept(); err != nil {
				return err
			}
		}
	}
}

// accept takes all who wait. A port that was closed has nobody: it is not watched any more.
func (s *epollServer) accept() error {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			if err := s.watch(fd); err != nil {
				return err
			}
		case unix.EAGAIN:
			return nil
		case unix.EINVAL:
			return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_DEL, s.listener, nil)
		case unix.ECONNABORTED:
		default:
			return fmt.Errorf("accept: %w", err)
		}
	}
}

const response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// answer answers a request, and lets go of who has gone.
func (s *epollServer) answer(fd int) {
	n, err := unix.Read(fd, s.buffer)
	if err == unix.EAGAIN {
		return
	}
	if err == nil && n > 0 && strings.HasPrefix(string(s.buffer[:n]), "GET ") {
		_, err = unix.SendmsgN(fd, []byte(response), nil, nil, unix.MSG_NOSIGNAL)
	}
	if err != nil || n == 0 {
		_ = unix.Close(fd)
	}
}

// server is the process of all servers, as the one that checks them has it.
type server struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startServer(ctx context.Context, self string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, self, "bench", "health", "serve")}
	s.cmd.Stderr = os.Stderr
	in, err1 := s.cmd.StdinPipe()
	out, err2 := s.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, s.cmd.Start()); err != nil {
		return nil, fmt.Errorf("start the servers: %w", err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	return s, s.expect("listening")
}

func (s *server) expect(word string) error {
	line, err := s.out.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != word {
		return fmt.Errorf("wait for the servers: they said %q: %w", line, err)
	}
	return nil
}

// refuse has all servers refuse from now on.
func (s *server) refuse() error {
	if _, err := io.WriteString(s.in, "refuse\n"); err != nil {
		return fmt.Errorf("tell the servers: %w", err)
	}
	return s.expect("refusing")
}

func (s *server) stop() error {
	_ = s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("end the servers: %w", err)
	}
	return nil
}
