package kernel

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// daemon starts, restarts or stops a sync daemon. The kernel changes none in place; and it starts one on an interface where it
// cannot work, so that this is looked at first, while a running one still runs.
func (k *Kernel) daemon(ctx context.Context, role spec.Role, c spec.Change) error {
	d, start := c.After.(spec.Daemon)
	if start {
		if err := k.accepts(role, d); err != nil {
			return Failed(c, err)
		}
	}
	var err error
	if c.Action != spec.Add {
		err = k.stopDaemon(ctx, role)
	}
	if err == nil && start {
		err = k.startDaemon(ctx, role, d)
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		return Refused(c, errno)
	}
	if err != nil {
		return Failed(c, err)
	}
	return nil
}

func (k *Kernel) accepts(role spec.Role, d spec.Daemon) error {
	return k.ns.do(func() error {
		i, err := interfaceByName(d.Interface)
		if err != nil {
			return err
		}
		return i.Accepts(role, d)
	})
}
