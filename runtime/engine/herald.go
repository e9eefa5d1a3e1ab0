package engine

import (
	"context"
	"slices"
	"sync"
	"time"
)

// herald announces addresses beside the holder: the neighbours know the first of a thousand while the last are still being added.
type herald struct {
	announcer announcer
	wake      chan struct{} // of capacity 1

	mu     sync.Mutex // held for one round of one burst at most
	bursts []*burst
}

func newHerald(a announcer) *herald { return &herald{announcer: a, wake: make(chan struct{}, 1)} }

func (a *herald) add(b *burst) {
	a.mu.Lock()
	a.bursts = append(a.bursts, b)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// silence ends the bursts of an instance. When it returns the last frame has left, so that addresses which are given up are not
// announced any more.
func (a *herald) silence(h *holding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bursts = slices.DeleteFunc(a.bursts, func(b *burst) bool { return b.h == h })
}

// run announces until ctx ends.
func (a *herald) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due := timer.C
		if wait, any := a.pump(time.Now()); any {
			timer.Reset(wait)
		} else {
			due = nil
		}
		select {
		case <-a.wake:
		case <-due:
		case <-ctx.Done():
			return
		}
	}
}

// pump sends a round of a burst that is due, of one that was never announced if there is one. It says when to come again; false: there is nothing left.
func (a *herald) pump(now time.Time) (wait time.Duration, any bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var first *burst
	for _, b := range a.bursts {
		if !b.at.After(now) && (first == nil || first.repeated && !b.repeated) {
			first = b
		}
	}
	if first != nil {
		first.at = first.send(a.announcer, now)
	}
	a.bursts = slices.DeleteFunc(a.bursts, func(b *burst) bool { return b.rounds == 0 })
	if len(a.bursts) == 0 {
		return 0, false
	}
	next := slices.MinFunc(a.bursts, func(x, y *burst) int { return x.at.Compare(y.at) })
	return max(next.at.Sub(now), 0), true
}
