// Package program runs an operator's program for the agent: in a process group of its own, without the agent's environment and files,
// and never longer than it may.
package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// path is where programs of programs are looked for.
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// kept is how many bytes of a program's output are kept to say what went wrong; they end in the journal.
const kept = 512

// lingering is how long a program that has ended may leave its output open, in a child that it put into the background.
const lingering = 200 * time.Millisecond

// Run runs a program and waits for it; argv[0] is an absolute path. When ctx ends, the whole process group is killed. env is added to
// PATH, the only other variable. The error has the exit code or signal, and the last that the program wrote.
func Run(ctx context.Context, argv, env []string) error {
	closeInherited()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{path}, env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = lingering
	out := &tail{}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil // what goes on in the background was meant to
	case ctx.Err() != nil:
		err = fmt.Errorf("killed: %w", context.Cause(ctx))
	}
	if said := out.String(); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// closeInherited keeps from programs the files that this process was itself started with; all that it opens are closed by the standard
// library.
var closeInherited = sync.OnceFunc(seal)

func seal() {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // without /proc nobody runs a director
	}
	for _, f := range open {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - kept; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// String is one line.
func (t *tail) String() string { return strings.Join(strings.Fields(string(t.b)), " ") }
