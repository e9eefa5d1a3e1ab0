package reconciletest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// Target is a kernel and an engine in memory. It may be used by several goroutines.
type Target struct {
	mu      sync.Mutex
	tables  tables
	vrrp    spec.VRRP
	faults  []Fault
	history []Op
}

var _ reconcile.Target = (*Target)(nil)

// Op is one change that a Target was asked for, and what it answered.
type Op struct {
	Change spec.Change
	Err    error
}

// New is a Target that holds a state.
func New(s spec.State) *Target {
	return &Target{vrrp: s.VRRP, tables: tables{
		services: table(s.Services), dests: table(s.Dests), daemons: table(s.Daemons), timeouts: table(s.Timeouts), sysctls: table(s.Sysctls),
	}}
}

// Observe is the state, whatever the depth.
func (t *Target) Observe(ctx context.Context, _ reconcile.Depth) (spec.State, error) {
	if err := ctx.Err(); err != nil {
		return spec.State{}, fmt.Errorf("observe: %w", err)
	}
	return t.State(), nil
}

// State is what the target holds.
func (t *Target) State() spec.State {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.tables.state()
	s.VRRP = t.vrrp
	return s
}

// Apply makes the changes of the kernel one by one, then those of the engine as one.
func (t *Target) Apply(ctx context.Context, changes []spec.Change) []error {
	t.mu.Lock()
	defer t.mu.Unlock()
	errs := make([]error, len(changes))
	for i, c := range changes {
		if errs[i] = ctx.Err(); errs[i] == nil && !spec.IsVRRP(c.Key) {
			errs[i] = t.apply(c)
		}
	}
	if ctx.Err() == nil {
		t.applyVRRP(changes, errs)
	}
	return errs
}

// applyVRRP does as an engine: it takes the rows that the changes lead to whole, or none of them.
func (t *Target) applyVRRP(changes []spec.Change, errs []error) {
	next := t.vrrp.Advance(changes)
	err := next.Check()
	var mine []int
	for i, c := range changes {
		if spec.IsVRRP(c.Key) {
			err = cmp.Or(err, t.fault(len(t.history)+len(mine), c))
			mine = append(mine, i)
		}
	}
	for _, i := range mine {
		errs[i] = failed(changes[i], err)
		t.history = append(t.history, Op{changes[i], errs[i]})
	}
	if err == nil {
		t.vrrp = next
	}
}

func (t *Target) apply(c spec.Change) error {
	err := t.fault(len(t.history), c)
	if err == nil {
		err = t.tables.apply(c)
	}
	err = failed(c, err)
	t.history = append(t.history, Op{c, err})
	return err
}

func failed(c spec.Change, err error) error {
	if err != nil {
		err = fmt.Errorf("%s %s %s: %w", c.Action, c.Key.Kind(), c.Key, err)
	}
	return err
}

// History is all that was asked so far, in order.
func (t *Target) History() []Op {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.history)
}

// String is the state in the form that Parse reads.
func (t *Target) String() string { return Format(t.State()) }

type tables struct {
	services map[spec.ServiceKey]spec.Service
	dests    map[spec.DestKey]spec.Dest
	daemons  map[spec.Role]spec.Daemon
	timeouts map[spec.TimeoutKey]spec.Seconds
	sysctls  map[spec.SysctlKey]spec.Setting
}

func (t *tables) state() spec.State {
	return spec.State{
		Services: rows(t.services), Dests: rows(t.dests), Daemons: rows(t.daemons), Timeouts: rows(t.timeouts), Sysctls: rows(t.sysctls),
	}
}

// apply answers as ip_vs_ctl.c does: a service or real server added twice is EEXIST, a service or daemon that is not there ESRCH, a
// real server that is not there ENOENT.
func (t *tables) apply(c spec.Change) error {
	switch k := c.Key.(type) {
	case spec.ServiceKey:
		if c.Action == spec.Remove {
			maps.DeleteFunc(t.dests, func(d spec.DestKey, _ spec.Dest) bool { return d.Service == k })
		}
		return change(t.services, k, c, syscall.ESRCH)
	case spec.DestKey:
		if _, ok := t.services[k.Service]; !ok {
			return syscall.ESRCH
		}
		return change(t.dests, k, c, syscall.ENOENT)
	case spec.Role:
		return change(t.daemons, k, c, syscall.ESRCH)
	case spec.TimeoutKey:
		t.timeouts[k] = c.After.(spec.Seconds)
	case spec.SysctlKey:
		t.sysctls[k] = c.After.(spec.Setting)
	}
	return nil
}

func change[K comparable, V any](m map[K]V, k K, c spec.Change, missing error) error {
	_, there := m[k]
	switch {
	case c.Action == spec.Add && there:
		return syscall.EEXIST
	case c.Action != spec.Add && !there:
		return missing
	case c.Action == spec.Remove:
		delete(m, k)
		return nil
	}
	m[k] = c.After.(V)
	return nil
}

func table[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V]) map[K]V {
	m := make(map[K]V, len(rows))
	for _, r := range rows {
		m[r.Key] = r.Value
	}
	return m
}

func rows[K spec.RowKey[K], V spec.RowValue](m map[K]V) spec.Rows[K, V] {
	var out spec.Rows[K, V]
	for k, v := range m {
		out = append(out, spec.Row[K, V]{Key: k, Value: v})
	}
	out.Sort()
	return out
}
