package engine

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// follow repairs the daemons of a sync role: what runs is read back from the kernel.
func (k *holder) follow(h *holding) {
	run, stop := spec.RoleBackup, spec.RoleMaster
	if h.on {
		run, stop = stop, run
	}
	k.daemonStart(h, run)
	k.daemonStop(h, stop)
}

// daemonStart makes sure that the daemon of a role runs, with the settings that are wanted.
func (k *holder) daemonStart(h *holding, role spec.Role) {
	k.withDaemons(h, "start", role, func(live spec.Daemon, runs bool) error {
		if runs && live == h.daemon.Of(role) {
			return nil
		}
		if runs { // the kernel changes none in place
			if err := k.daemons.StopDaemon(context.Background(), role); err != nil {
				return err
			}
		}
		return k.daemons.StartDaemon(context.Background(), role, h.daemon.Of(role))
	})
}

func (k *holder) daemonStop(h *holding, role spec.Role) {
	k.withDaemons(h, "stop", role, func(_ spec.Daemon, runs bool) error {
		if !runs {
			return nil
		}
		err := k.daemons.StopDaemon(context.Background(), role)
		if errors.Is(err, unix.ESRCH) {
			return nil
		}
		return err
	})
}

// withDaemons reads what runs. Where nothing follows the instance there is nothing to do, and IPVS is not looked for.
func (k *holder) withDaemons(h *holding, verb string, role spec.Role, f func(live spec.Daemon, runs bool) error) {
	if h.daemon == nil {
		return
	}
	err := k.openDaemons()
	if err == nil {
		var live spec.Rows[spec.Role, spec.Daemon]
		if live, err = k.daemons.Daemons(context.Background()); err == nil {
			row, runs := live.Find(role)
			err = f(row.Value, runs)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s sync daemon %s: %w", verb, role, err)
	}
	h.problem("sync daemon "+role.String(), err)
}

func (k *holder) openDaemons() (err error) {
	if k.daemons == nil {
		k.daemons, err = k.parts.daemons()
	}
	return err
}
