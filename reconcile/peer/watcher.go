package peer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// watcher asks one director. Its fact is guarded by the exchange's mutex.
type watcher struct {
	e      *Exchange
	peer   Peer
	client *client
	ctx    context.Context
	stop   context.CancelFunc

	fact     spec.PeerFact
	began    time.Time
	why      string // the last failure
	failures int    // in a row
	silent   *time.Timer
}

// start is called with the mutex held.
func (e *Exchange) start(p Peer, known spec.PeerFact, failures int) *watcher {
	w := &watcher{e: e, peer: p, client: newClient(p, e.dial), fact: known, failures: failures, began: time.Now()}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.silent = time.AfterFunc(e.times.silent, w.fellSilent)
	e.running.Go(w.run)
	return w
}

func (w *watcher) run() {
	defer w.client.close()
	defer w.silent.Stop()
	for w.ctx.Err() == nil {
		asked := time.Now()
		err := w.ask()
		pause := w.e.times.pace - time.Since(asked)
		if err != nil {
			pause = w.failed(err)
		}
		if pause <= 0 {
			continue
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-w.ctx.Done():
			t.Stop()
		}
	}
}

func (w *watcher) ask() error {
	boot, serial := w.known()
	ctx, cancel := context.WithTimeout(w.ctx, w.e.times.answer)
	defer cancel()
	r, err := w.client.report(ctx, boot, serial)
	if err != nil {
		return err
	}
	return w.answered(r)
}

func (w *watcher) known() (boot string, serial uint64) {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if r := w.fact.Report; r != nil {
		return r.Boot, r.Serial
	}
	return "", 0
}

// answered takes what a director says; nil is that it has nothing new.
func (w *watcher) answered(r *spec.PeerReport) error {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if w.ctx.Err() != nil {
		return errStopped
	}
	if err := w.check(r); err != nil {
		return err
	}
	news := r != nil || !w.fact.Silent.IsZero() || w.fact.Heard.IsZero()
	if r != nil {
		w.fact.Report = r
	}
	w.fact.Heard, w.fact.Silent, w.fact.Why = time.Now(), time.Time{}, ""
	w.failures, w.why = 0, ""
	w.silent.Reset(w.e.times.silent)
	if news {
		w.e.signal()
	}
	return nil
}

// check refuses what a director cannot say: something about another one, or what it said before.
func (w *watcher) check(r *spec.PeerReport) error {
	was := w.fact.Report
	switch {
	case r == nil:
		return nil
	case r.Version != spec.DocumentVersion:
		return refusal{spec.RefusedAnswer, "its report is of another version of lbsync", fmt.Sprintf(": %d, and this one reads %d", r.Version, spec.DocumentVersion)}
	case r.Director != w.peer.Name:
		return refusal{spec.RefusedAnswer, "its report is that of another director", fmt.Sprintf(": %.64q", r.Director)}
	case was != nil && r.Boot == was.Boot && r.Serial < was.Serial:
		return refusal{spec.RefusedAnswer, "its report is older than the last one", fmt.Sprintf(": %d after %d", r.Serial, was.Serial)}
	}
	return nil
}

// failed notes why, and returns the pause until the next question.
func (w *watcher) failed(err error) time.Duration {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if w.ctx.Err() != nil {
		return 0
	}
	switch r, ok := errors.AsType[refusal](err); {
	case ok:
		w.e.refuse(w.peer.Name, r, time.Now())
	case errors.Is(err, identity.ErrWrongKey):
		w.e.refuse(w.peer.Name, refusal{kind: spec.RefusedOtherKey, why: "it has another key than the fleet declares"}, time.Now())
	}
	w.why = err.Error()
	if !w.fact.Silent.IsZero() && w.fact.Why != w.why {
		w.fact.Why = w.why
		w.e.signal()
	}
	pause := min(w.e.times.retry<<min(w.failures, 16), w.e.times.retryMax)
	w.failures++
	return pause/2 + rand.N(pause/2+1)
}

// fellSilent is called by the timer.
func (w *watcher) fellSilent() {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if w.ctx.Err() != nil || !w.fact.Silent.IsZero() {
		return
	}
	w.fact.Silent = w.fact.Heard
	if w.fact.Silent.IsZero() {
		w.fact.Silent = w.began
	}
	if w.why == "" {
		w.why = "no answer in time"
	}
	w.fact.Why = w.why
	w.e.signal()
}
