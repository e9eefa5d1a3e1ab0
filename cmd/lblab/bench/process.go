package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a program that is measured, in a process group of its own.
type process struct {
	cmd   *exec.Cmd
	begin time.Time // right before it was started
	said  bytes.Buffer
}

func startProcess(args ...string) (*process, error) {
	p := &process{cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.begin = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	return p, nil
}

func (p *process) signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %s: %w", p.cmd.Args[0], err)
	}
	return nil
}

// kill ends the process and its children at once, so that nothing is taken out of the kernel while the next measurement runs.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// stop asks the process to end, and waits for it.
func (p *process) stop() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("end %s: %w: %s", p.cmd.Args[0], err, p.lastWords())
	}
	return nil
}

// explain adds to an error what the process said; nothing may be running then.
func (p *process) explain(err error) error {
	if err == nil {
		return nil
	}
	p.kill()
	return errors.Join(err, fmt.Errorf("%s said: %s", p.cmd.Args[0], p.lastWords()))
}

func (p *process) lastWords() string {
	const most = 2000
	s := strings.TrimSpace(p.said.String())
	return s[max(0, len(s)-most):]
}
