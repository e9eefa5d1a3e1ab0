package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestRunInheritsNothing(t *testing.T) {
	t.Setenv("LBSYNC_TEST_LEAK", "1")
	out := filepath.Join(t.TempDir(), "out")
	leak, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0) // as if the agent had been started with it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(leak) }()
	closeInherited = sync.OnceFunc(seal) // an agent that has run no program yet
	script := "exec > $1; env | cut -d= -f1 | grep -vx 'PWD\\|SHLVL\\|_\\|OLDPWD' | sort; ls /proc/self/fd; pwd"
	if err := Run(t.Context(), []string{"/bin/sh", "-c", script, "sh", out}, []string{"LBSYNC_A=b"}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	// 3 is the folder that ls reads.
	if got, want := strings.Fields(string(b)), "LBSYNC_A PATH 0 1 2 3 /"; strings.Join(got, " ") != want {
		t.Errorf("the program has %q, want %q", got, want)
	}
}

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		script, want string
	}{
		"good":       {"exit 0", ""},
		"exit code":  {"exit 3", "exit status 3"},
		"last words": {"echo one; echo two >&2; exit 1", "exit status 1: one two"},
		"signal":     {"kill -TERM $$", "signal: terminated"},
		"background": {"sleep 600 & exit 0", ""},
		"much": {"i=0; while [ $i -lt 999 ]; do echo 0123456789; i=$((i+1)); done; echo end; exit 1",
			"exit status 1: " + strings.Repeat("0123456789 ", 47)[9:] + "end"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), []string{"/bin/sh", "-c", c.script}, nil)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// The end kills what a program started, also what left its process group or its session. What it cannot find holds nothing up, though it
// has the output open: without a wait for that, what the program comes to is known at once.
func TestEndKills(t *testing.T) {
	const sleeps = `sh -c 'echo $$ > "$PIDS"; exec sleep 600'`
	for name, c := range map[string]struct {
		script string
		left   bool
	}{
		"child":                     {sleeps + " & wait", false},
		"group of its own":          {"timeout 600 " + sleeps + "; exit 1", false},
		"group, left behind":        {"(timeout 600 " + sleeps + " &); sleep 600", false},
		"session of its own":        {"setsid -w " + sleeps + "; exit 1", false},
		"session below a session":   {"setsid -w timeout 600 setsid -w " + sleeps + "; exit 1", false},
		"session, left behind":      {"(setsid " + sleeps + " &); sleep 600", true},
		"session, where all ignore": {"trap '' TERM INT HUP; setsid -w " + sleeps + "; exit 1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pids := filepath.Join(t.TempDir(), "pid")
			if err := syscall.Mkfifo(pids, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- Run(ctx, []string{"/bin/sh", "-c", c.script}, []string{"PIDS=" + pids}) }()
			b, err := os.ReadFile(pids) // blocks until it is there
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err != nil {
				t.Fatal(err)
			}
			late := errors.New("timeout of 1s")
			cancel(late)
			if err := <-ended; !errors.Is(err, late) || err.Error() != "killed: timeout of 1s" {
				t.Errorf("%v", err)
			}
			if c.left {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for alive(pid) { // its new parent has to take its leave
				<-tick.C
			}
		})
	}
}

// A program that was killed and does not end, as on a file system without its server, is not started again and again.
func TestUndead(t *testing.T) {
	argv, ended := []string{"/bin/true"}, make(chan error)
	undead.add("/bin/true\x00A=1", ended)
	for since, want := range map[time.Time]string{
		time.Now().Add(time.Hour):    "not started: it is being killed still", // in good time, however slow this host is
		time.Now().Add(-time.Minute): "not started: it was killed at 20",
	} {
		undead.mu.Lock()
		undead.since["/bin/true\x00A=1"] = since
		undead.mu.Unlock()
		if err := Run(t.Context(), argv, []string{"A=1"}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := Run(t.Context(), argv, []string{"A=2"}); err != nil {
		t.Errorf("another: %v", err)
	}
	close(ended)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for Run(t.Context(), argv, []string{"A=1"}) != nil {
		<-tick.C
	}
}

// alive says whether a process runs; one that nobody waited for is dead all the same.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
