// Package tracking watches for the engine what needs a fork, a file or a look at /proc: the trackers of scripts, files and processes.
package tracking

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Tell gives the engine a verdict; cause is why it is bad. An error has it told again.
type Tell func(ctx context.Context, k spec.TrackerKey, good bool, cause error) error

// Trackers run one watch for each tracker that is not an interface, which is the engine's own affair.
type Trackers struct {
	tell   Tell
	check  func(context.Context, spec.TrackerKey, spec.Tracking) error
	turned chan struct{} // wanted or generation changed

	mu         sync.Mutex
	wanted     map[spec.TrackerKey]spec.Tracking
	generation uint64 // of the engine; another one has to be told everything
}

// New has nothing to watch yet.
func New(tell Tell) *Trackers {
	procs := &processes{proc: "/proc"}
	return &Trackers{tell: tell, turned: make(chan struct{}, 1), check: func(ctx context.Context, k spec.TrackerKey, t spec.Tracking) error {
		switch k.Watch {
		case spec.WatchScript:
			return script(ctx, t)
		case spec.WatchFile:
			return file(k.Name)
		case spec.WatchProcess:
			return procs.check(k.Name, time.Now())
		}
		panic(fmt.Sprintf("tracker %s is not for the agent to watch", k))
	}}
}

// Set says what is to be watched from now on. What was watched before keeps its verdict, unless its settings are others.
func (t *Trackers) Set(rows spec.Rows[spec.TrackerKey, spec.Tracking]) {
	wanted := map[spec.TrackerKey]spec.Tracking{}
	for _, r := range rows {
		if r.Key.Watch != spec.WatchInterface {
			wanted[r.Key] = r.Value
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !maps.Equal(wanted, t.wanted) {
		t.wanted = wanted
		t.turn()
	}
}

// Retell gives every verdict again: the engine may be a new one.
func (t *Trackers) Retell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.generation++
	t.turn()
}

func (t *Trackers) turn() {
	select {
	case t.turned <- struct{}{}:
	default: // Run has not seen the change before this one either
	}
}

// Run watches until ctx ends, and returns when no program runs any more.
func (t *Trackers) Run(ctx context.Context) {
	running := map[spec.TrackerKey]*watch{}
	var ended sync.WaitGroup
	defer ended.Wait()
	for {
		t.mu.Lock()
		wanted, generation := t.wanted, t.generation
		t.mu.Unlock()
		for k, w := range running {
			if s, ok := wanted[k]; !ok || s != w.settings {
				w.stop()
				delete(running, k)
			}
		}
		for k, s := range wanted {
			w := running[k]
			if w == nil {
				w = t.watch(ctx, k, s, &ended)
				running[k] = w
			}
			w.retell(generation)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.turned:
		}
	}
}

// everySecond is how often files and processes are looked at: their blocks have no interval.
const everySecond = time.Second

func interval(s spec.Tracking) time.Duration {
	if s.Interval == 0 {
		return everySecond
	}
	return s.Interval
}

// phase is where in its interval a tracker has its turn, so that many do not run at once.
func phase(k spec.TrackerKey, interval time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.String())) // never fails
	return time.Duration(h.Sum64() % uint64(interval))
}

// next is how long after now the tracker has its next turn: more than nothing, at most its interval.
func next(now time.Time, interval, phase time.Duration) time.Duration {
	at := now.Truncate(interval).Add(phase)
	if !at.After(now) {
		at = at.Add(interval)
	}
	return at.Sub(now)
}
