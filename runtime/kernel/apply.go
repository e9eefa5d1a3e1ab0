package kernel

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// Apply makes the changes, in their order. Each has one slot in the answer: nil is done. A change that fails stops no other, but
// what depends on it fails too. Where an answer was lost, the error says so, and whether the change was made is not known: observe
// again.
//
// A service whose scheduler or persistence engine is not available is not written, nor are its real servers.
func (k *Kernel) Apply(ctx context.Context, changes []spec.Change) []error {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := &batch{k: k, changes: changes, errs: make([]error, len(changes))}
	if err := k.ready(ctx); err != nil {
		b.fail(0, err)
		return b.errs
	}
	// The context ends the work between two system calls, never between a call and its verdict.
	work := context.WithoutCancel(ctx)
	missing := k.missing(work, changes)
	for i, c := range changes {
		if err := b.stop(ctx); err != nil {
			b.fail(i, err)
			break
		}
		if err := excluded(c, missing); err != nil {
			b.errs[i] = Failed(c, err)
			continue
		}
		switch key := c.Key.(type) {
		case spec.ServiceKey, spec.DestKey, spec.TimeoutKey:
			b.add(work, i)
		case spec.Role:
			b.flush(work)
			b.errs[i] = k.daemon(work, key, c)
		case spec.SysctlKey:
			b.flush(work)
			b.errs[i] = k.sysctl(key, c)
		}
	}
	b.flush(work)
	k.explainLo(changes, b.errs)
	return b.errs
}

// excluded is why a change is not even tried.
func excluded(c spec.Change, missing map[spec.ServiceKey]error) error {
	switch key := c.Key.(type) {
	case spec.ServiceKey:
		return missing[key]
	case spec.DestKey:
		if err := missing[key.Service]; err != nil {
			return fmt.Errorf("its service is not written: %w", err)
		}
	case spec.TimeoutKey:
		if _, ok := c.After.(spec.Seconds); !ok || timeoutAttrs[key] == 0 {
			return ErrOnlySet
		}
	}
	return nil
}

// command writes the message of a change.
func (m *messages) command(c spec.Change) {
	switch key := c.Key.(type) {
	case spec.ServiceKey:
		if s, ok := c.After.(spec.Service); ok {
			m.service(key, s)
		} else {
			m.onlyServiceKey(key)
		}
	case spec.DestKey:
		if d, ok := c.After.(spec.Dest); ok {
			m.dest(key, d)
		} else {
			m.onlyDestKey(key)
		}
	case spec.TimeoutKey:
		m.u32(timeoutAttrs[key], uint32(c.After.(spec.Seconds)))
	}
}

func commandOf(c spec.Change) uint8 {
	type act struct {
		kind   spec.Kind
		action spec.Action
	}
	switch (act{c.Key.Kind(), c.Action}) {
	case act{spec.KindService, spec.Add}:
		return cmdNewService
	case act{spec.KindService, spec.Edit}:
		return cmdSetService
	case act{spec.KindService, spec.Remove}:
		return cmdDelService
	case act{spec.KindRealServer, spec.Add}:
		return cmdNewDest
	case act{spec.KindRealServer, spec.Edit}:
		return cmdSetDest
	case act{spec.KindRealServer, spec.Remove}:
		return cmdDelDest
	}
	return cmdSetConfig
}

func (k *Kernel) sysctl(key spec.SysctlKey, c spec.Change) error {
	v, ok := c.After.(spec.Setting)
	if !ok {
		return Failed(c, ErrOnlySet)
	}
	if err := k.ns.do(func() error { return writeSysctl(key, v) }); err != nil {
		return Failed(c, err)
	}
	k.hold(key)
	return nil
}

// explainLo gives real servers that were refused as unreachable the reason, when it is that lo is down.
func (k *Kernel) explainLo(changes []spec.Change, errs []error) {
	asked, down := false, false
	for i, c := range changes {
		key, ok := c.Key.(spec.DestKey)
		if !ok || c.Action != spec.Add || !key.Addr.Addr().Is4() || !errors.Is(errs[i], unix.EINVAL) {
			continue
		}
		if !asked {
			asked, down = true, k.loDown()
		}
		if down {
			errs[i] = Failed(c, fmt.Errorf("%w: %w", ErrLoDown, syscall.EINVAL))
		}
	}
}

func (k *Kernel) loDown() (down bool) {
	_ = k.ns.do(func() error { // where it cannot be told, the kernel's own error stands
		lo, err := interfaceByName("lo")
		down = err == nil && !lo.Up
		return err
	})
	return down
}
