package agent

import (
	"context"
	"maps"
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

// election is an engine of which the test says what it does.
type election struct {
	mu      sync.Mutex
	roles   map[string]spec.Role
	news    []spec.VRRPNews
	status  *spec.VRRPStatus
	problem *spec.Problem
	handed  []spec.InstanceKey
	giving  func() // while a role is handed over
	refuses error
	told    []string // directors of the views
	wanted  bool     // an engine is needed, as the last Report was told
	changed chan struct{}
}

func newElection() *election { return &election{changed: make(chan struct{}, 1)} }

// turn alters what the engine says, and has the agent look.
func (e *election) turn(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *election) Roles() map[string]spec.Role {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.roles)
}

func (e *election) Changed() <-chan struct{} { return e.changed }

func (e *election) News() []spec.VRRPNews {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.news
	e.news = nil
	return out
}

func (e *election) Tell(v spec.View) {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := "nobody"
	if v.Director.Def != nil {
		name = v.Director.Def.Name
	}
	e.told = append(e.told, name)
}

func (e *election) Handover(_ context.Context, k spec.InstanceKey) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handed = append(e.handed, k)
	if e.giving != nil {
		e.giving()
	}
	return e.refuses
}

func (e *election) Report(_ context.Context, wanted bool) (*spec.VRRPStatus, *spec.Problem) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wanted = wanted
	return e.status, e.problem
}
