package tracking

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// fresh is how long one look at /proc serves all trackers of processes.
const fresh = 500 * time.Millisecond

// longestComm is the length of a process' name (TASK_COMM_LEN less its end, include/linux/sched.h).
const longestComm = 15

// processes are the names of those that run.
type processes struct {
	proc string // "/proc"
	mu   sync.Mutex
	at   time.Time
	runs map[string]bool
}

// check is nil while a process of that name runs. A name is cut as the kernel cuts it.
func (p *processes) check(name string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runs == nil || now.Sub(p.at) >= fresh {
		runs, err := p.scan()
		if err != nil {
			return err
		}
		p.runs, p.at = runs, now
	}
	if !p.runs[name[:min(len(name), longestComm)]] {
		return fmt.Errorf("no process %s runs", name)
	}
	return nil
}

func (p *processes) scan() (map[string]bool, error) {
	stats, err := filepath.Glob(filepath.Join(p.proc, "[0-9]*", "stat"))
	if err != nil {
		return nil, fmt.Errorf("look for processes: %w", err)
	}
	if len(stats) == 0 {
		return nil, fmt.Errorf("look for processes: %s shows none", p.proc)
	}
	out := make(map[string]bool, len(stats))
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		if name, alive := command(string(b)); alive {
			out[name] = true
		}
	}
	return out, nil
}

// command reads "PID (NAME) STATE …" of /proc/PID/stat, proc(5); the name may hold blanks and parentheses. A zombie does not run.
func command(stat string) (name string, alive bool) {
	from, to := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if from < 0 || to < from || len(stat) < to+3 {
		return "", false
	}
	state := stat[to+2]
	return stat[from+1 : to], state != 'Z' && state != 'X'
}
