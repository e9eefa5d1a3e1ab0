package pair

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a program on a node, in a process group of its own, with what it says in a file.
type process struct {
	node *Node
	log  string
	mu   sync.Mutex
	cmd  *exec.Cmd
}

func (p *process) start(args ...string) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.node.Name, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := Inside(p.node.ns, cmd.Start); err != nil {
		return fmt.Errorf("start %s on %s: %w", args[0], p.node.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = cmd
	return nil
}

// Stop asks the program to end (SIGTERM) and waits for it.
func (p *process) Stop() error {
	return p.end(func(pid int) error { return syscall.Kill(pid, syscall.SIGTERM) })
}

// Kill ends the program and its children at once (SIGKILL), and returns when that was.
func (p *process) Kill() (time.Time, error) {
	at := time.Now()
	return at, p.end(func(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) })
}

// Reload sends SIGHUP.
func (p *process) Reload() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s runs nothing", p.node.Name)
	}
	return p.cmd.Process.Signal(syscall.SIGHUP)
}

func (p *process) end(signal func(pid int) error) error {
	p.mu.Lock()
	cmd := p.cmd
	p.cmd = nil
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if err := signal(cmd.Process.Pid); err != nil {
		return fmt.Errorf("signal %s: %w", cmd.Args[0], err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("wait for %s: %w", cmd.Args[0], err)
	}
	return nil
}

// PIDs are those of the program and its children.
func (p *process) PIDs() ([]int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil, fmt.Errorf("%s runs nothing", p.node.Name)
	}
	pid := p.cmd.Process.Pid
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	out := []int{pid}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, fmt.Errorf("list the children of %s: %w", p.cmd.Args[0], err)
		}
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				return nil, fmt.Errorf("list the children of %s: %w", p.cmd.Args[0], err)
			}
			out = append(out, child)
		}
	}
	return out, nil
}

// Said is what the program has written to its log.
func (p *process) Said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
