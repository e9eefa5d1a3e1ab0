package program

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// looking is held by who looks through all processes: where many programs are killed at once, that takes one processor and not all.
var looking sync.Mutex

// kill ends a program with all that it started: its session, and who left that, as by setsid(1) or sudo(8), and has a parent still of
// whom the same is true. Who is found is stopped until all are: it starts nothing more, and loses no child.
func kill(leader *os.Process) {
	const mostLooks = 8
	if leader.Signal(syscall.SIGSTOP) != nil {
		return // it has ended, and what it left behind was meant to
	}
	_ = syscall.Kill(-leader.Pid, syscall.SIGSTOP)
	looking.Lock()
	defer looking.Unlock()
	found := map[int]bool{leader.Pid: true}
	for range mostLooks {
		more := look(leader.Pid, found)
		if len(more) == 0 {
			break
		}
		for _, pid := range more {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	for pid := range found {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// look adds to those that were found, and says who was.
func look(leader int, found map[int]bool) (more []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is a good one
	children := map[int][]int{}
	for _, name := range stats {
		if pid, parent, session := lineage(name); session == leader {
			children[leader] = append(children[leader], pid)
		} else {
			children[parent] = append(children[parent], pid)
		}
	}
	for next := slices.Collect(maps.Keys(found)); len(next) > 0; next = next[1:] {
		for _, pid := range children[next[0]] {
			if !found[pid] {
				found[pid] = true
				next, more = append(next, pid), append(more, pid)
			}
		}
	}
	return more
}

// lineage is what a file stat of /proc says (proc_pid_stat(5)); zero where the process is gone.
func lineage(stat string) (pid, parent, session int) {
	b, _ := os.ReadFile(stat)
	text := string(b)
	after := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // a name may have blanks and brackets
	if len(after) < 4 {
		return 0, 0, 0
	}
	pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(stat)))
	parent, _ = strconv.Atoi(after[1])
	session, _ = strconv.Atoi(after[3])
	return pid, parent, session
}

// killed says whether a program ended by kill, and not by itself a moment before.
func killed(err error) bool {
	e, is := errors.AsType[*exec.ExitError](err)
	if !is {
		return false
	}
	status, is := e.Sys().(syscall.WaitStatus)
	return is && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// soon is how long it may take until a program that was killed has ended, on a host with much to do.
const soon = time.Second

// undead are the programs that were killed and have not ended, as one does not that waits for a file system whose server is away.
var undead = remains{since: map[string]time.Time{}}

type remains struct {
	mu    sync.Mutex
	since map[string]time.Time // by arguments and environment
}

// add keeps a program until it has ended.
func (r *remains) add(id string, ended <-chan error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since[id] = time.Now()
	go func() {
		<-ended
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.since, id)
	}()
}

// check is an error where the program is among them.
func (r *remains) check(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since, is := r.since[id]; is && time.Since(since) < soon {
		return errors.New("not started: it is being killed still")
	} else if is {
		return fmt.Errorf("not started: it was killed at %s and has not ended; does a file system not answer?", since.UTC().Format(time.DateTime+"Z"))
	}
	return nil
}
