package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Priorities under SCHED_RR: the loop's thread goes before the others of the process, which may compute when it is due. It is SCHED_RR, not
// SCHED_FIFO: Go's collector waits for the end of sweeping by yielding within the process, and under SCHED_FIFO such a thread keeps the
// processor from the very threads it waits for. With one processor, or as many engines as processors, that was for good.
const (
	rankOthers = 1
	rankLoop   = 2
)

// rtTime is what a thread may compute under SCHED_RR without once waiting, in microseconds: behind it comes SIGXCPU
// (setrlimit(2), RLIMIT_RTTIME). Removing thousands of IPv6 addresses takes the holder less.
const rtTime = 2_000_000

// scheduler knows under which policy the process runs, and why under no better one.
type scheduler struct {
	log *slog.Logger
	is  atomic.Pointer[string]
}

func (s *scheduler) String() string { return *s.is.Load() }

func (s *scheduler) set(is string) { s.is.Store(&is) }

// realtime brings the whole process under SCHED_RR: a policy is a thread's, and Go's threads have begun already, so that the program
// sets its own and executes itself again (as chrt(1) does). Where that is not allowed it goes on, and says so.
func (s *scheduler) realtime() {
	if policy() == unix.SCHED_RR {
		s.set("rr 1, loop 2")
		s.limit()
		return
	}
	err := setPolicy(0, unix.SCHED_RR, rankOthers)
	if err == nil {
		err = executeAgain()
	}
	s.set("other: " + err.Error())
	s.log.Warn("no real-time priority: under load, advertisements are late by tens of milliseconds; give the engine CAP_SYS_NICE, or keep intervals at 1s and more", "cause", err)
}

// executeAgain executes the running program again, with its arguments and environment. It returns only if that fails.
func executeAgain() error {
	path, err := os.Executable() // not /proc/self/exe, or ps and pgrep know the engine as "exe"
	if err == nil {
		err = syscall.Exec(path, os.Args, os.Environ())
	}
	return errors.Join(fmt.Errorf("execute again: %w", err), setPolicy(0, unix.SCHED_NORMAL, 0))
}

func (s *scheduler) limit() {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_RTTIME, &limit)
	if err == nil {
		limit.Cur = min(rtTime, limit.Max)
		err = unix.Setrlimit(unix.RLIMIT_RTTIME, &limit)
	}
	if err != nil {
		s.log.Warn("real-time computing cannot be limited", "cause", err)
	}
}

// pin keeps in memory what was touched once: an advertisement must not wait for a page to come back from a disk. What is never touched,
// which is most of the program, takes no memory.
func (s *scheduler) pin() {
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		s.log.Warn("memory cannot be locked: where it is short, advertisements may wait for a disk", "cause", err)
	}
}

// drop gives real-time priority up for good.
func (s *scheduler) drop(why string) {
	tasks, err := os.ReadDir("/proc/self/task")
	for _, t := range tasks {
		id, bad := strconv.Atoi(t.Name())
		if bad == nil {
			bad = setPolicy(id, unix.SCHED_NORMAL, 0)
		}
		if !errors.Is(bad, unix.ESRCH) { // a thread that ended meanwhile
			err = errors.Join(err, bad)
		}
	}
	s.set("other: the engine " + why)
	go s.log.Error("real-time priority is given up: the engine "+why, "trouble", err) // a log that blocks must not block the loop
}

func policy() int {
	p, _, _ := unix.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0)
	return int(p)
}

// lead puts the calling thread before the others of a real-time process. Where RLIMIT_RTPRIO forbids that, it takes turns with them.
func lead() {
	if policy() == unix.SCHED_RR {
		_ = setPolicy(0, unix.SCHED_RR, rankLoop)
	}
}

func setPolicy(thread, policy int, rank int32) error {
	param := struct{ priority int32 }{rank}
	_, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, uintptr(thread), uintptr(policy), uintptr(unsafe.Pointer(&param)))
	if errno != 0 {
		return fmt.Errorf("set scheduling policy: %w", errno)
	}
	return nil
}
