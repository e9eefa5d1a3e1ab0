package inside

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// notStarted is the code of a command that cannot be started, as in sh.
const notStarted = 127

// run starts one command, passes its output on, and reports its end.
func run(conn *wire.Conn, index int, c wire.Command, stdin *os.File) error {
	var pumps sync.WaitGroup
	stdout, err := pump(conn.Writer(wire.Stdout, index), &pumps)
	if err != nil {
		return err
	}
	stderr, err := pump(conn.Writer(wire.Stderr, index), &pumps)
	if err != nil {
		return err
	}
	code, begin := notStarted, time.Now()
	pid, err := start(c, []*os.File{stdin, stdout, stderr})
	if err != nil {
		// The pipe is as good as the conversation: a lost line is a lost machine, and the report below says so.
		_, _ = fmt.Fprintf(stderr, "lblab: start %s: %v\n", c.Args[0], err)
	} else {
		code = reap(pid)
		killRest()
	}
	elapsed := time.Since(begin)
	_ = stdout.Close()
	_ = stderr.Close()
	pumps.Wait()
	return conn.Send(wire.Message{Kind: wire.Exit, Index: index, Code: code, Elapsed: elapsed})
}

// pump gives the write end of a pipe and copies what is written there to w until every writer is gone.
func pump(w io.Writer, running *sync.WaitGroup) (*os.File, error) {
	r, end, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe for output: %w", err)
	}
	running.Go(func() {
		_, _ = io.Copy(w, r)
		_ = r.Close()
	})
	return end, nil
}

func start(c wire.Command, files []*os.File) (int, error) {
	if err := os.Chdir(c.Dir); err != nil {
		return 0, err
	}
	// LookPath reads the PATH of this process.
	for _, kv := range c.Env {
		if key, value, _ := strings.Cut(kv, "="); key == "PATH" {
			if err := os.Setenv(key, value); err != nil {
				return 0, err
			}
		}
	}
	path, err := exec.LookPath(c.Args[0])
	if err != nil {
		return 0, err
	}
	process, err := os.StartProcess(path, c.Args, &os.ProcAttr{Dir: c.Dir, Env: c.Env, Files: files})
	if err != nil {
		return 0, err
	}
	pid := process.Pid // Release forgets it
	return pid, process.Release()
}

// reap waits for process pid, and buries every orphan that process 1 inherits meanwhile: a test that waits until a daemon
// is gone would otherwise see its zombie for ever.
func reap(pid int) int {
	for {
		var status unix.WaitStatus
		dead, err := unix.Wait4(-1, &status, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			panic(fmt.Sprintf("wait for process %d: %v", pid, err))
		}
		if dead == pid {
			return exitCode(status)
		}
	}
}

func exitCode(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// killRest ends what a command left running, so that its pipes close and the next command starts in a quiet machine.
func killRest() {
	_ = unix.Kill(-1, unix.SIGKILL)
	for {
		_, err := unix.Wait4(-1, nil, 0, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
