package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

const realtime = "LBSYNC_TEST_REALTIME=1"

// policies are those of a process's threads.
func policies(t *testing.T, pid int) map[int]bool {
	t.Helper()
	out := map[int]bool{}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		id, bad := strconv.Atoi(task.Name())
		p, _, errno := unix.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, uintptr(id), 0, 0)
		if errno == 0 { // else the thread has ended
			out[int(p)] = true
		}
		err = errors.Join(err, bad)
	}
	if err != nil || len(out) == 0 {
		t.Fatalf("policies of %d: %v, %v", pid, out, err)
	}
	return out
}

func needsRealtime(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("chrt", "-f", "1", "true").CombinedOutput(); err != nil {
		t.Skipf("needs CAP_SYS_NICE and chrt(1): %s", out)
	}
}

// All threads are under SCHED_RR.
func TestRealtime(t *testing.T) {
	l := newLAN(t, 1)
	needsRealtime(t)
	a := l.start(0)
	s, err := a.Status(t.Context())
	if err != nil || s.Scheduler != "rr 1, loop 2" {
		t.Fatalf("scheduler is %q, %v", s.Scheduler, err)
	}
	if got := policies(t, a.cmd.Process.Pid); !got[unix.SCHED_RR] || len(got) != 1 {
		t.Errorf("policies are %v", got)
	}
}

// With a single processor the collector of garbage must not wait for threads that it keeps from running.
func TestOneProcessor(t *testing.T) {
	l := newLAN(t, 1)
	needsRealtime(t)
	a := l.start(0, "LBSYNC_TEST_WRAP=taskset -c 0")
	for n := range 5 {
		a.want(plain(uint8(100+n)), nil)
	}
	a.becomes("web", spec.VRRPMaster)
}

// Without the privilege the engine works, and says what is missing in its log and in its status.
func TestNoRealtime(t *testing.T) {
	l := newLAN(t, 1)
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("needs setpriv(1) to take CAP_SYS_NICE away")
	}
	a := l.start(0, "LBSYNC_TEST_WRAP=setpriv --bounding-set=-sys_nice")
	a.want(plain(100), nil)
	a.becomes("web", spec.VRRPMaster)
	s, err := a.Status(t.Context())
	if err != nil || s.Scheduler != "other: set scheduling policy: operation not permitted" {
		t.Errorf("scheduler is %q, %v", s.Scheduler, err)
	}
	a.stop()
	if !strings.Contains(a.said.String(), "give the engine CAP_SYS_NICE") {
		t.Errorf("the log says %s", a.said)
	}
}

// An engine that spins gives real-time priority up: the guard is a decision on figures, without a clock of its own.
func TestGuard(t *testing.T) {
	for _, tt := range []struct {
		name string
		spin func(*guard)
		want string
	}{
		{"empty wake-ups", func(g *guard) {
			for range idleMax {
				g.woke(0, false)
			}
		}, "woke up 10,000 times without work"},
		{"empty wake-ups among others", func(g *guard) {
			for n := range 3 * idleMax {
				g.woke(0, n%idleMax == 0)
			}
		}, ""},
		{"no waiting", func(g *guard) {
			for n := range time.Duration(busyMax) {
				g.second((n+1)*time.Second, (n+1)*950*time.Millisecond)
			}
		}, "took nine tenths of a core for 10 seconds"},
		{"waiting in between", func(g *guard) {
			for n := range time.Duration(10) {
				g.second((n+1)*time.Second, (n+1)*time.Second*1/2)
			}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var said []string
			g := guard{drop: func(why string) { said = append(said, why) }}
			tt.spin(&g)
			if got := strings.Join(said, ","); got != tt.want {
				t.Errorf("dropped because %q, want %q", got, tt.want)
			}
		})
	}
}

// The signal of RLIMIT_RTTIME takes the priority from all threads, and the election goes on.
func TestSpinningEngineIsDropped(t *testing.T) {
	l := newLAN(t, 1)
	needsRealtime(t)
	a := l.start(0)
	a.want(plain(100), nil)
	a.becomes("web", spec.VRRPMaster)
	limit, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(a.cmd.Process.Pid), "limits"))
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(limit)), " "), "Max realtime timeout 2000000") {
		t.Errorf("limits are %s, %v", limit, err)
	}
	a.signal(unix.SIGXCPU)
	a.until("the priority is gone", func(s spec.VRRPStatus) bool {
		return s.Scheduler == "other: the engine computed for 2 seconds without waiting"
	})
	if got := policies(t, a.cmd.Process.Pid); !got[unix.SCHED_NORMAL] || len(got) != 1 {
		t.Errorf("policies are %v", got)
	}
	sent := a.instance("web").Counters.Sent
	a.until("it advertises on", func(s spec.VRRPStatus) bool { return find(s, "web").Counters.Sent > sent+3 })
}
