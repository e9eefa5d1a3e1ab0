package vm

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// Running is a booted machine.
type Running struct {
	Conn net.Conn // the conversation with the inside
	cmd  *exec.Cmd
	log  string
	dead chan struct{} // closed when QEMU ended; err is set by then
	err  error
}

// Boot starts the machine; ending ctx kills it. The caller must have locked its goroutine to the main thread: the kernel
// kills QEMU when the thread that started it dies, and this must not be before the process does.
func Boot(ctx context.Context, m Machine) (*Running, error) {
	listener, err := net.Listen("unix", m.Socket)
	if err != nil {
		return nil, fmt.Errorf("boot the machine: %w", err)
	}
	defer func() { _ = listener.Close() }()
	cmd := exec.CommandContext(ctx, Program, m.Args()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("boot the machine: %w", err)
	}
	r := &Running{cmd: cmd, log: m.Log, dead: make(chan struct{})}
	go func() {
		r.err = cmd.Wait()
		close(r.dead)
		_ = listener.Close()
	}()
	// QEMU connects before it runs the first instruction, or ends.
	r.Conn, err = listener.Accept()
	if err != nil {
		<-r.dead
		return nil, fmt.Errorf("boot the machine: %s: %w: %s", Program, r.err, strings.TrimSpace(complaints.String()))
	}
	return r, nil
}

// Stop kills the machine. Nothing in it needs a shutdown: the inside has written everything before it says Done.
func (r *Running) Stop() {
	_ = r.Conn.Close()
	_ = r.cmd.Process.Kill()
	<-r.dead
}

// LastWords are the end of the kernel's messages, for an error about a machine that ended by itself.
func (r *Running) LastWords() string {
	log, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return lastWords(string(log))
}

// lastWords cuts the call trace off: what explains a panic stands before it.
func lastWords(log string) string {
	const most = 40
	lines := strings.Split(strings.TrimSpace(log), "\n")
	end := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "Kernel panic") })
	if end < 0 {
		end = len(lines) - 1
	}
	return strings.Join(lines[max(0, end+1-most):end+1], "\n")
}
