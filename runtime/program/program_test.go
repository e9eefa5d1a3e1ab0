package program

import (
	"context"
	"errors"
	"os"
	"os/exec"
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

func TestEndKillsTheGroup(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pid")
	if err := exec.Command("mkfifo", pids).Run(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, []string{"/bin/sh", "-c", "sleep 600 & echo $! > " + pids + "; wait"}, nil)
	}()
	b, err := os.ReadFile(pids) // blocks until the child is there
	if err != nil {
		t.Fatal(err)
	}
	late := errors.New("timeout of 1s")
	cancel(late)
	if err := <-ended; !errors.Is(err, late) || !strings.HasPrefix(err.Error(), "killed: ") {
		t.Errorf("%v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for alive(pid) { // its new parent has to take its leave
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
