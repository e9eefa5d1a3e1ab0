package agent

import (
	"context"
	"sync"
	"testing/synctest"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// gated is a kernel that may be away, or that does not do what it says.
type gated struct {
	reconcile.Target
	mu      sync.Mutex
	err     error
	liar    bool
	applies int
}

func (g *gated) set(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
}

func (g *gated) Observe(ctx context.Context, d reconcile.Depth) (spec.State, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return spec.State{}, g.err
	}
	return g.Target.Observe(ctx, d)
}

func (g *gated) Apply(ctx context.Context, changes []spec.Change) []error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.applies++
	if g.liar {
		return make([]error, len(changes))
	}
	return g.Target.Apply(ctx, changes)
}

// flaky is a journal whose disk may be full.
type flaky struct {
	Journal
	mu  sync.Mutex
	err error
}

func (f *flaky) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *flaky) Append(recs ...journal.Record) ([]journal.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	return f.Journal.Append(recs...)
}

// run starts an agent that was opened before.
func (r *rig) run(a *Agent) {
	r.t.Helper()
	r.agent = a
	ctx, cancel := context.WithCancel(r.t.Context())
	r.stop, r.ended = cancel, make(chan error, 1)
	go func() { r.ended <- a.Run(ctx) }()
	synctest.Wait()
}
