// Package director is the agent's hands on one director: its kernel and its engine. It opens the kernel when it can be opened, lets one
// call at a time reach it, and remembers what the fast read builds upon.
package director

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Kernel is what a director needs of runtime/kernel.
type Kernel interface {
	ObserveFull(ctx context.Context) (spec.State, error)
	// ObserveFast may take from last what shows no sign of change: tunnels, persistence engines, and that there is no IPv6 service.
	// Nothing may have been applied to these since last was observed.
	ObserveFast(ctx context.Context, last spec.State) (spec.State, error)
	Apply(ctx context.Context, changes []spec.Change) []error
	// Hold adds sysctls to those that are observed, beside IPVS' own.
	Hold(keys ...spec.SysctlKey)
	// Stats are the counters of the given services, or of all.
	Stats(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error)
	Close() error
}

// Depth says how thorough an observation is; the values are those of reconcile.Depth, which this room may not import.
type Depth int

// The depths.
const (
	Full Depth = iota
	Fast
)

// Director reads and writes one kernel, and one engine. Its methods may be called at the same time; they take turns.
type Director struct {
	VRRP   *VRRP
	open   func() (Kernel, error)
	turn   chan struct{} // holds the one call that runs, and guards what follows
	kernel Kernel        // nil until it could be opened
	last   *spec.State   // nil: unknown, the next read is a full one
	held   []spec.SysctlKey
}

// New is a director whose kernel is opened at the first call, and again after a failed read: a module that is loaded later, or was
// unloaded, needs no restart.
func New(open func() (Kernel, error), v *VRRP) *Director {
	return &Director{VRRP: v, open: open, turn: make(chan struct{}, 1)}
}

// begin waits for the turn and opens the kernel. Without error the caller has to call the returned function.
func (d *Director) begin(ctx context.Context) (end func(), err error) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another call to the kernel: %w", ctx.Err())
	}
	end = func() { <-d.turn }
	if d.kernel == nil {
		if d.kernel, err = d.open(); err != nil {
			d.kernel = nil
			end()
			return nil, fmt.Errorf("open kernel: %w", err)
		}
		if len(d.held) > 0 {
			d.kernel.Hold(d.held...)
		}
	}
	return end, nil
}

// Hold adds sysctls to those that are observed from the next read on, also after the kernel was opened anew.
func (d *Director) Hold(keys ...spec.SysctlKey) {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	d.held = keys
	if d.kernel != nil {
		d.kernel.Hold(keys...)
	}
}

// Observe reads the live state. A fast read that has nothing to build upon is a full one. An engine that is away is no error: what
// the kernel holds is put right all the same.
func (d *Director) Observe(ctx context.Context, depth Depth) (spec.State, error) {
	state, err := d.observeKernel(ctx, depth)
	if err != nil {
		return spec.State{}, err
	}
	state.VRRP = d.VRRP.observe(ctx)
	return state, nil
}

func (d *Director) observeKernel(ctx context.Context, depth Depth) (spec.State, error) {
	end, err := d.begin(ctx)
	if err != nil {
		return spec.State{}, err
	}
	defer end()
	state, err := d.read(ctx, depth)
	if err != nil {
		return spec.State{}, errors.Join(fmt.Errorf("read kernel: %w", err), d.forget())
	}
	d.last = &state
	return state, nil
}

func (d *Director) read(ctx context.Context, depth Depth) (spec.State, error) {
	if depth == Fast && d.last != nil {
		return d.kernel.ObserveFast(ctx, *d.last)
	}
	return d.kernel.ObserveFull(ctx)
}

// forget closes a kernel that could not be read: the next call starts afresh.
func (d *Director) forget() error {
	k := d.kernel
	d.kernel, d.last = nil, nil
	if err := k.Close(); err != nil {
		return fmt.Errorf("close kernel: %w", err)
	}
	return nil
}

// Apply makes the changes and returns one error for each, nil where it was made. Those of the engine are made together, or none of them.
func (d *Director) Apply(ctx context.Context, changes []spec.Change) []error {
	if !slices.ContainsFunc(changes, ofEngine) {
		return d.applyKernel(ctx, changes)
	}
	var kernel, engine []spec.Change
	for _, c := range changes {
		if ofEngine(c) {
			engine = append(engine, c)
		} else {
			kernel = append(kernel, c)
		}
	}
	var errs []error
	if len(kernel) > 0 {
		errs = d.applyKernel(ctx, kernel)
	}
	failed := d.VRRP.apply(ctx, engine)
	out := make([]error, len(changes))
	for i, c := range changes {
		if ofEngine(c) {
			out[i] = failed
		} else {
			out[i], errs = errs[0], errs[1:]
		}
	}
	return out
}

func ofEngine(c spec.Change) bool { return spec.IsVRRP(c.Key) }

func (d *Director) applyKernel(ctx context.Context, changes []spec.Change) []error {
	end, err := d.begin(ctx)
	if err != nil {
		errs := make([]error, len(changes))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	defer end()
	if slices.ContainsFunc(changes, unseen) {
		d.last = nil
	}
	return d.kernel.Apply(ctx, changes)
}

// unseen says whether a change touches what a fast read takes from the read before it; it looks for IPv6 services only where there
// was one.
func unseen(c spec.Change) bool {
	service, ok := c.Key.(spec.ServiceKey)
	return ok && service.Family == spec.IPv6 && c.Action == spec.Add || hidden(c.Before) || hidden(c.After)
}

func hidden(v spec.Value) bool {
	switch v := v.(type) {
	case spec.Service:
		return v.Engine != ""
	case spec.Dest:
		return v.Forward == spec.Tun
	}
	return false
}

// Stats reads the counters of the given services, or of all.
func (d *Director) Stats(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error) {
	end, err := d.begin(ctx)
	if err != nil {
		return spec.Stats{}, err
	}
	defer end()
	s, err := d.kernel.Stats(ctx, services...)
	if err != nil {
		return spec.Stats{}, fmt.Errorf("read counters: %w", err)
	}
	s.Version = spec.DocumentVersion
	return s, nil
}

// Close lets go of the kernel, which stays as it is.
func (d *Director) Close() error {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	if d.kernel == nil {
		return nil
	}
	return d.forget()
}
