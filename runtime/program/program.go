// Package program runs an operator's program for the agent: in a session of its own, without the agent's environment and files, and
// never longer than it may.
//
// Go starts a program by vfork and holds up the whole process until execve(2) is done. Where that hangs, as on a network file system
// whose server is away, all of the agent stands still; so program and interpreter are read before, aside. What is left is a file system
// that goes away between that and execve, and the loader of a binary (ld.so) that is on one: it takes a process of its own that starts
// programs to be free of these.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
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

const (
	// lingering is how long a program that has ended may leave its output open, in a child that it put into the background.
	lingering = 200 * time.Millisecond
	// parting is how long is waited for the end of a program that is killed: what it comes to is decided before.
	parting = 20 * time.Millisecond
)

// Run runs a program and waits for it; argv[0] is an absolute path. When ctx ends, it is killed with all that it started, and Run
// returns, also where something of that is left; only one that ended by itself until then has not failed. A program that was killed
// and still has not ended is not run again with the same argv and env. env is added to PATH, the only other variable. The error of one
// that ran is a Failure.
func Run(ctx context.Context, argv, env []string) error {
	closeInherited()
	id := strings.Join(slices.Concat(argv, env), "\x00")
	if err := undead.check(id); err != nil {
		return err
	}
	if err := reach(ctx, argv[0]); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("not started: %w", context.Cause(ctx))
	}
	r, err := start(argv, env)
	if err != nil {
		return err
	}
	defer func() { _ = r.output.Close() }()
	if err = r.wait(ctx, id); err == nil {
		return nil
	}
	r.hear(0)
	return &Failure{err, r.said.String()}
}

// Failure is how a program ended that ran and did not do what it should.
type Failure struct {
	Err  error  // exit code, signal, or why it was killed
	Said string // the last that it wrote, in one line
}

func (f *Failure) Error() string {
	if f.Said == "" {
		return f.Err.Error()
	}
	return f.Err.Error() + ": " + f.Said
}

func (f *Failure) Unwrap() error { return f.Err }

// run is a program that runs.
type run struct {
	cmd    *exec.Cmd
	ended  chan error // has room for the one that comes
	output *os.File
	said   tail
	heard  chan struct{} // closed when said is all
}

func start(argv, env []string) (*run, error) {
	output, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append([]string{path}, env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		_ = output.Close()
		return nil, err
	}
	r := &run{cmd: cmd, ended: make(chan error, 1), output: output, heard: make(chan struct{})}
	go func() { r.ended <- cmd.Wait() }()
	go func() {
		_, _ = io.Copy(&r.said, output)
		close(r.heard)
	}()
	return r, nil
}

// kill ends it, aside: the verdict does not wait for that. Who was canceled may end itself right after, and would leave the program.
func (r *run) kill(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		kill(r.cmd.Process)
	}()
	if errors.Is(ctx.Err(), context.Canceled) {
		<-done
	}
}

// wait is how the program ended. What goes on in the background then was meant to.
func (r *run) wait(ctx context.Context, id string) error {
	select {
	case err := <-r.ended:
		until := lingering
		if end, has := ctx.Deadline(); has {
			until = max(parting, min(until, time.Until(end)))
		}
		r.hear(until)
		return err
	case <-ctx.Done():
	}
	r.kill(ctx)
	late := time.NewTimer(parting)
	defer late.Stop()
	select {
	case err := <-r.ended:
		r.hear(parting)
		if !killed(err) {
			return err
		}
	case <-late.C:
		undead.add(id, r.ended)
	}
	return fmt.Errorf("killed: %w", context.Cause(ctx))
}

// hear waits until the output has ended, no longer than a time.
func (r *run) hear(within time.Duration) {
	_ = r.output.SetReadDeadline(time.Now().Add(within))
	<-r.heard
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
