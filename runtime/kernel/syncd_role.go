package kernel

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// Daemons are the running sync daemons, with those marked that no longer reach their interface.
func (k *Kernel) Daemons(ctx context.Context) (out spec.Rows[spec.Role, spec.Daemon], err error) {
	err = k.exclusive(ctx, func() error {
		if out, err = k.daemons(ctx); err != nil {
			return err
		}
		return k.ns.do(func() error { return detached(out) })
	})
	if err != nil {
		return nil, fmt.Errorf("read sync daemons: %w", err)
	}
	return out, nil
}

// StartDaemon starts the sync daemon of a role, on an interface where it can work. unix.EEXIST: one of the role runs, with these or other
// settings.
func (k *Kernel) StartDaemon(ctx context.Context, role spec.Role, d spec.Daemon) error {
	err := k.exclusive(ctx, func() error {
		if err := k.accepts(role, d); err != nil {
			return err
		}
		return k.startDaemon(ctx, role, d)
	})
	if err != nil {
		return fmt.Errorf("start %s sync daemon: %w", role, err)
	}
	return nil
}

// StopDaemon stops the sync daemon of a role. unix.ESRCH: none runs.
func (k *Kernel) StopDaemon(ctx context.Context, role spec.Role) error {
	if err := k.exclusive(ctx, func() error { return k.stopDaemon(ctx, role) }); err != nil {
		return fmt.Errorf("stop %s sync daemon: %w", role, err)
	}
	return nil
}

// exclusive runs f while no one else uses the connection.
func (k *Kernel) exclusive(ctx context.Context, f func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(ctx); err != nil {
		return err
	}
	return f()
}

func (k *Kernel) startDaemon(ctx context.Context, role spec.Role, d spec.Daemon) error {
	m := k.request(cmdNewDaemon, unix.NLM_F_ACK)
	m.daemon(role, d)
	m.end()
	return k.answers(ctx, func(answer) error { return nil })
}

func (k *Kernel) stopDaemon(ctx context.Context, role spec.Role) error {
	m := k.request(cmdDelDaemon, unix.NLM_F_ACK)
	m.onlyRole(role)
	m.end()
	return k.answers(ctx, func(answer) error { return nil })
}
