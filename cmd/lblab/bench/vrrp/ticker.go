package vrrp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Stall is a time in which a processor of the machine was away: nothing on it could have been on time.
type Stall struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

const (
	tick       = time.Millisecond
	tickLate   = 300 * time.Microsecond
	tickerRank = 50 // SCHED_FIFO: above what is measured
)

// Tick wakes every millisecond on each processor with real-time priority, and at the end writes when it was woken late.
func Tick(ctx context.Context, w io.Writer) error {
	debug.SetGCPercent(-1)
	n := runtime.NumCPU()
	runtime.GOMAXPROCS(n + 2)
	stalls, errs := make([][]Stall, n), make([]error, n)
	var all sync.WaitGroup
	for cpu := range n {
		all.Go(func() { stalls[cpu], errs[cpu] = tickOn(ctx, cpu) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(slices.Concat(stalls...))
}

func tickOn(ctx context.Context, cpu int) ([]Stall, error) {
	// Never unlocked: the thread with its priority ends with the goroutine.
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("stay on processor %d: %w", cpu, err)
	}
	rank := int32(tickerRank)
	if _, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO, uintptr(unsafe.Pointer(&rank))); errno != 0 {
		return nil, fmt.Errorf("become real-time: %w", errno)
	}
	out := make([]Stall, 0, 1<<16)
	base := time.Now()
	var start unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &start); err != nil {
		return nil, fmt.Errorf("read the clock: %w", err)
	}
	for due := tick; ctx.Err() == nil; due += tick {
		at := unix.NsecToTimespec(start.Nano() + int64(due))
		if err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return nil, fmt.Errorf("wait for the clock: %w", err)
		}
		if now := time.Since(base); now-due > tickLate {
			out = append(out, Stall{base.Add(due), base.Add(now)})
			due = now.Truncate(tick)
		}
	}
	return out, nil
}

// startTicker runs Tick in a process of its own; the function returned ends it and has what it saw.
func startTicker(program string) (func() ([]Stall, error), error) {
	cmd := exec.Command(program, "bench", "vrrp", "tick")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the ticker: %w", err)
	}
	return func() ([]Stall, error) {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return nil, fmt.Errorf("end the ticker: %w", err)
		}
		var stalls []Stall
		err := json.NewDecoder(out).Decode(&stalls)
		if err = errors.Join(err, cmd.Wait()); err != nil {
			return nil, fmt.Errorf("read the ticker: %w", err)
		}
		slices.SortFunc(stalls, func(a, b Stall) int { return a.From.Compare(b.From) })
		return stalls, nil
	}, nil
}
