package engine

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/spec"
)

// node is an engine in a process of its own.
type node struct {
	*line.Client
	t    testing.TB
	lan  *lan
	n    int
	dir  string
	cmd  *exec.Cmd
	said *bytes.Buffer
	seen uint64 // serial of the newest event that was looked at
}

// far is a deadline that only a fault reaches.
const far = 60 * time.Second

func (l *lan) start(n int, env ...string) *node {
	l.t.Helper()
	e := &node{t: l.t, lan: l, n: n, dir: memoryDir(l.t), said: &bytes.Buffer{}}
	e.launch(env...)
	l.t.Cleanup(func() {
		e.kill()
		if l.t.Failed() {
			l.t.Logf("engine %d said:\n%s", n, e.said)
		}
	})
	return e
}

// memoryDir is on a tmpfs as /run is: a page of a file on a disk makes the loop wait when the disk is busy.
func memoryDir(t testing.TB) string {
	t.Helper()
	for _, base := range []string{"/dev/shm", "/run"} {
		if onDisk(base) {
			continue
		}
		if dir, err := os.MkdirTemp(base, "lbsync-test-"); err == nil {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			return dir
		}
	}
	return t.TempDir()
}

// launch starts the process and waits until it is ready.
func (e *node) launch(env ...string) {
	e.t.Helper()
	ready, theirs, err := os.Pipe()
	if err != nil {
		e.t.Fatal(err)
	}
	args := []string{"netns", "exec", e.lan.hosts[e.n]}
	for _, v := range env {
		if wrap, ok := strings.CutPrefix(v, "LBSYNC_TEST_WRAP="); ok {
			args = append(args, strings.Fields(wrap)...)
		}
	}
	e.cmd = exec.Command("ip", append(args, os.Args[0])...)
	e.cmd.Env = append(append(os.Environ(), engineDir+"="+e.dir, engineReady+"=1", realtime), env...)
	e.cmd.Stderr, e.cmd.ExtraFiles = e.said, []*os.File{theirs}
	if err := errors.Join(e.cmd.Start(), theirs.Close()); err != nil {
		e.t.Fatal(err)
	}
	_ = ready.SetReadDeadline(time.Now().Add(far))
	if _, err := ready.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) && err.Error() != "EOF" {
		e.t.Fatalf("engine %d is not ready: %v", e.n, err)
	}
	_ = ready.Close()
	if e.Client, err = line.Dial(filepath.Join(e.dir, "sock")); err != nil {
		e.t.Fatalf("engine %d: %v\n%s", e.n, err, e.said)
	}
}

func (e *node) signal(s syscall.Signal) {
	e.t.Helper()
	if err := e.cmd.Process.Signal(s); err != nil {
		e.t.Fatal(err)
	}
}

func (e *node) kill() {
	if e.cmd.ProcessState == nil {
		_ = e.cmd.Process.Kill()
		_ = e.cmd.Wait()
	}
}

// stop ends the engine as systemd does.
func (e *node) stop() {
	e.t.Helper()
	e.signal(syscall.SIGTERM)
	if err := e.cmd.Wait(); err != nil {
		e.t.Fatalf("engine %d: %v\n%s", e.n, err, e.said)
	}
}

func (e *node) want(v spec.VRRP, secrets map[string]string) {
	e.t.Helper()
	if err := e.Want(e.t.Context(), v, secrets); err != nil {
		e.t.Fatal(err)
	}
}

// next is the next event.
func (e *node) next() spec.VRRPEvent {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), far)
	defer cancel()
	got, err := e.Events(ctx, e.seen)
	if err != nil {
		e.t.Fatalf("engine %d: wait for event %d: %v", e.n, e.seen+1, err)
	}
	e.seen = got.Events[0].Serial
	return got.Events[0]
}

// becomes waits for a state of an instance, and gives the event.
func (e *node) becomes(i spec.InstanceKey, s spec.VRRPState) spec.VRRPEvent {
	e.t.Helper()
	for {
		if ev := e.next(); ev.Instance == i && ev.To == s && ev.From != s {
			return ev
		}
	}
}

// until waits, by status, for what no event tells.
func (e *node) until(what string, is func(spec.VRRPStatus) bool) spec.VRRPStatus {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), far)
	defer cancel()
	for {
		s, err := e.Status(ctx)
		if err != nil {
			e.t.Fatalf("engine %d: wait until %s: %v", e.n, what, err)
		}
		if is(s) {
			return s
		}
	}
}

func (e *node) instance(i spec.InstanceKey) spec.InstanceStatus {
	e.t.Helper()
	s, err := e.Status(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	return find(s, i)
}

func find(s spec.VRRPStatus, i spec.InstanceKey) spec.InstanceStatus {
	for _, is := range s.Instances {
		if is.Name == i {
			return is
		}
	}
	return spec.InstanceStatus{}
}

// holds waits until an instance holds all, or nothing, of its addresses.
func (e *node) holds(i spec.InstanceKey, count int) {
	e.t.Helper()
	e.until("the instance holds "+strconv.Itoa(count), func(s spec.VRRPStatus) bool { return find(s, i).Held == count })
}
