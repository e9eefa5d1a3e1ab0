package sync

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// program is a process in a node's namespace.
type program struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	said bytes.Buffer
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

// start runs a program in a namespace; ip(8) becomes it, so that its process id is the program's.
func start(node string, args ...string) (*program, error) {
	p := &program{cmd: exec.Command("ip", append([]string{"netns", "exec", node}, args...)...)}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s on %s: %w", args[0], node, err)
	}
	return p, nil
}

// end sends a signal and waits until the process is gone; of none there is nothing to end.
func (p *program) end(s os.Signal) {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(s)
	_ = p.cmd.Wait()
}

func (p *program) lastWords() string {
	if p == nil {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	const most = 1500
	s := strings.TrimSpace(p.said.String())
	return s[max(0, len(s)-most):]
}

// on runs a command in a namespace to its end.
func on(node string, args ...string) error {
	out, err := exec.Command("ip", append([]string{"netns", "exec", node}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %s: %w: %s", node, strings.Join(args, " "), err, out)
	}
	return nil
}
