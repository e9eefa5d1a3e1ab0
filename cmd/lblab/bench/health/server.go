package health

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The servers listen at port, those that stay healthy at the other.
const (
	port        = 9000
	healthyPort = 9001
)

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
		// shutdown(2) ends listening at once, and leaves the number of the socket.
		if err := unix.Shutdown(s.failing, unix.SHUT_RDWR); err != nil {
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

// look is how often the servers look for what came. They do not wait for it: to wake them would cost who connects processor time, which
// no server on another machine does.
const look = 5 * time.Millisecond

type pollServer struct {
	failing, healthy int   // listeners
	open             []int // connections
	buffer           []byte
}

func newServer() (s *pollServer, err error) {
	s = &pollServer{buffer: make([]byte, 4096)}
	if s.failing, err = listen(port); err != nil {
		return nil, err
	}
	s.healthy, err = listen(healthyPort)
	return s, err
}

func listen(port int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open a socket: %w", err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(fd, &unix.SockaddrInet4{Port: port}),
		unix.Listen(fd, 65535))
	if err != nil {
		return 0, fmt.Errorf("listen at port %d: %w", port, err)
	}
	return fd, nil
}

func (s *pollServer) run() error {
	for range time.Tick(look) {
		if err := errors.Join(s.accept(s.failing), s.accept(s.healthy)); err != nil {
			return err
		}
		s.open = slices.DeleteFunc(s.open, s.answer)
	}
	return nil
}

// accept takes all who wait. A port that was closed has nobody.
func (s *pollServer) accept(listener int) error {
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			s.open = append(s.open, fd)
		case unix.EAGAIN, unix.EINVAL:
			return nil
		case unix.ECONNABORTED:
		default:
			return fmt.Errorf("accept: %w", err)
		}
	}
}

const response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// answer answers a request, and lets go of who has gone; then it is true.
func (s *pollServer) answer(fd int) bool {
	n, err := unix.Read(fd, s.buffer)
	if err == unix.EAGAIN {
		return false
	}
	if err == nil && n > 0 && strings.HasPrefix(string(s.buffer[:n]), "GET ") {
		_, err = unix.SendmsgN(fd, []byte(response), nil, nil, unix.MSG_NOSIGNAL)
	}
	if err == nil && n > 0 {
		return false
	}
	_ = unix.Close(fd)
	return true
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
