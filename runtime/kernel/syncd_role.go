package kernel

import (
	"context"

	"github.com/lbsync/lbsync/spec"
)

// Daemons are the running sync daemons.
func (k *Kernel) Daemons(ctx context.Context) (spec.Rows[spec.Role, spec.Daemon], error) {
	return nil, nil
}

// StartDaemon starts the sync daemon of a role; one of the role must not run (unix.EEXIST).
func (k *Kernel) StartDaemon(ctx context.Context, role spec.Role, d spec.Daemon) error { return nil }

// StopDaemon stops the sync daemon of a role. unix.ESRCH: none runs.
func (k *Kernel) StopDaemon(ctx context.Context, role spec.Role) error { return nil }
