package tracking

import (
	"context"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// watch is one tracker at work.
type watch struct {
	key      spec.TrackerKey
	settings spec.Tracking
	stop     context.CancelFunc
	anew     chan uint64 // generation of the engine; only the newest counts

	verdict    hysteresis
	cause      error  // of the last bad result
	generation uint64 // engine that is there
	told       bool   // it knows the verdict
}

func (t *Trackers) watch(ctx context.Context, k spec.TrackerKey, s spec.Tracking, ended *sync.WaitGroup) *watch {
	ctx, stop := context.WithCancel(ctx)
	w := &watch{key: k, settings: s, stop: stop, anew: make(chan uint64, 1), verdict: hysteresis{rise: s.Rise, fall: s.Fall}}
	ended.Go(func() { w.run(ctx, t) })
	return w
}

// retell is called by one goroutine only.
func (w *watch) retell(generation uint64) {
	select {
	case <-w.anew:
	default:
	}
	w.anew <- generation
}

func (w *watch) run(ctx context.Context, t *Trackers) {
	every := interval(w.settings)
	at := phase(w.key, every)
	// The first turn comes within a second, however long the interval is: until then the tracker counts as good.
	timer := time.NewTimer(at % everySecond)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case g := <-w.anew:
			w.told = w.told && g == w.generation
			w.generation = g
		case <-timer.C:
			w.look(ctx, t)
			timer.Reset(next(time.Now(), every, at))
		}
		w.say(ctx, t)
	}
}

func (w *watch) look(ctx context.Context, t *Trackers) {
	err := t.check(ctx, w.key, w.settings)
	if ctx.Err() != nil {
		return // it was broken off
	}
	if err != nil {
		w.cause = err
	}
	if w.verdict.take(err == nil) {
		w.told = false
	}
}

// say tells a verdict that the engine does not know; if it cannot be told, each turn tries again.
func (w *watch) say(ctx context.Context, t *Trackers) {
	if w.told || !w.verdict.known {
		return
	}
	var cause error
	if w.verdict.bad {
		cause = w.cause
	}
	w.told = t.tell(ctx, w.key, !w.verdict.bad, cause) == nil
}
