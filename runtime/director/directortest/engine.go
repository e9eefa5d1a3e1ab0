// Package directortest has an engine that elects as a test tells it to.
package directortest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Engine takes a wanted state, and makes transitions when Turn says so. It keeps at most Ring events.
type Engine struct {
	Ring int // 0: all events are kept

	mu       sync.Mutex
	away     error
	refuses  error
	wanted   spec.VRRP
	secrets  map[string]string
	states   map[spec.InstanceKey]spec.VRRPEvent // the last transition of each instance
	verdicts map[spec.TrackerKey]bool
	events   []spec.VRRPEvent
	serial   uint64
	wants    int
	moved    chan struct{} // closed when events or away change
}

// New is an engine that nobody told anything.
func New() *Engine {
	return &Engine{states: map[spec.InstanceKey]spec.VRRPEvent{}, verdicts: map[spec.TrackerKey]bool{}, moved: make(chan struct{})}
}

func (e *Engine) set(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
	close(e.moved)
	e.moved = make(chan struct{})
}

// Away makes every call fail, also those that wait, until it is called with nil.
func (e *Engine) Away(err error) { e.set(func() { e.away = err }) }

// Refuse makes the engine refuse wanted states, until it is called with nil.
func (e *Engine) Refuse(err error) { e.set(func() { e.refuses = err }) }

// Forget is a boot of the machine: nothing is wanted, and events count from 1 again.
func (e *Engine) Forget() {
	e.set(func() {
		e.wanted, e.events, e.serial = spec.VRRP{}, nil, 0
		clear(e.states)
		clear(e.verdicts)
	})
}

// Turn makes a transition.
func (e *Engine) Turn(k spec.InstanceKey, to spec.VRRPState, why string) {
	e.set(func() {
		e.serial++
		row, _ := e.wanted.Instances.Find(k)
		was := e.states[k].To
		if was == "" {
			was = spec.VRRPInitialize
		}
		ev := spec.VRRPEvent{Serial: e.serial, Time: time.Now(), Instance: k, From: was, To: to, Priority: row.Value.Priority, Why: why, SyncGroup: row.Value.SyncGroup}
		e.states[k], e.events = ev, append(e.events, ev)
		if e.Ring > 0 && len(e.events) > e.Ring {
			e.events = e.events[1:]
		}
	})
}

// Verdicts are the trackers' last ones.
func (e *Engine) Verdicts() map[spec.TrackerKey]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.verdicts)
}

// Secrets are those that came with the wanted state.
func (e *Engine) Secrets() map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.secrets)
}

// Wants is how often a wanted state was taken.
func (e *Engine) Wants() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wants
}

// Wanted is what was given last.
func (e *Engine) Wanted(context.Context) (spec.VRRP, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wanted, e.away
}

// Want takes it all.
func (e *Engine) Want(_ context.Context, v spec.VRRP, secrets map[string]string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := errors.Join(e.away, e.refuses); err != nil {
		return err
	}
	e.wanted, e.secrets = v, secrets
	e.wants++
	return nil
}

// Verdict notes it.
func (e *Engine) Verdict(_ context.Context, k spec.TrackerKey, good bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.away == nil {
		e.verdicts[k] = good
	}
	return e.away
}

// Handover turns a master into a backup.
func (e *Engine) Handover(_ context.Context, k spec.InstanceKey) error {
	e.mu.Lock()
	away, master := e.away, e.states[k].To == spec.VRRPMaster
	e.mu.Unlock()
	if away != nil {
		return away
	}
	if !master {
		return fmt.Errorf("%s is not master", k)
	}
	e.Turn(k, spec.VRRPBackup, "handover")
	return nil
}

// Status has an instance for each wanted one; until its first transition it is initialize.
func (e *Engine) Status(context.Context) (spec.VRRPStatus, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := spec.VRRPStatus{Version: spec.DocumentVersion, Program: "test", Scheduler: "rr 1, loop 2", Serial: e.serial}
	for _, r := range e.wanted.Instances {
		last := e.states[r.Key]
		if last.To == "" {
			last.To = spec.VRRPInitialize
		}
		s.Instances = append(s.Instances, spec.InstanceStatus{
			Name: r.Key, State: last.To, Interface: r.Value.Interface, RouterID: r.Value.RouterID, Priority: r.Value.Priority,
			Effective: r.Value.Priority, Interval: r.Value.Interval, Since: last.Time, Why: last.Why,
		})
	}
	for _, k := range slices.SortedFunc(maps.Keys(e.verdicts), spec.TrackerKey.Compare) {
		s.Trackers = append(s.Trackers, spec.TrackerStatus{Key: k.String(), Good: e.verdicts[k], Known: true})
	}
	return s, e.away
}

// Events waits for one.
func (e *Engine) Events(ctx context.Context, after uint64) (spec.VRRPEvents, error) {
	for {
		e.mu.Lock()
		moved, away := e.moved, e.away
		var out spec.VRRPEvents
		for _, ev := range e.events {
			if ev.Serial > after {
				out.Events = append(out.Events, ev)
			}
		}
		e.mu.Unlock()
		switch {
		case away != nil:
			return spec.VRRPEvents{}, away
		case len(out.Events) > 0:
			out.Lost = out.Events[0].Serial - after - 1
			return out, nil
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-moved:
		}
	}
}
