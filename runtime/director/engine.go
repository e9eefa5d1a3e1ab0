package director

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Engine is the real-time process as the agent knows it. Its methods may be called at the same time; each fails by itself while the
// engine is away.
type Engine interface {
	// Wanted is what the engine works by, also from an agent before this one.
	Wanted(ctx context.Context) (spec.VRRP, error)
	// Want gives it the whole wanted state, which it takes whole or refuses whole. Secrets are by name.
	Want(ctx context.Context, v spec.VRRP, secrets map[string]string) error
	// Verdict tells it what a tracker says.
	Verdict(ctx context.Context, k spec.TrackerKey, good bool) error
	// Handover gives the role of master away.
	Handover(ctx context.Context, k spec.InstanceKey) error
	Status(ctx context.Context) (spec.VRRPStatus, error)
	// Events waits until there is one newer than after.
	Events(ctx context.Context, after uint64) (spec.VRRPEvents, error)
}

// callWithin bounds a call to the engine, which answers from memory.
const callWithin = 5 * time.Second

// reach is the engine's end of the line; it is opened until that succeeds, and then kept, since each call has its own connection.
func (v *VRRP) reach() (Engine, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.engine == nil {
		e, err := v.Open()
		if err != nil {
			return nil, err
		}
		v.engine = e
	}
	return v.engine, nil
}

// ask makes one call, with what an operator can do about its failure.
func (v *VRRP) ask(ctx context.Context, call func(context.Context, Engine) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callWithin, fmt.Errorf("engine at %s does not answer within %v", v.Path, callWithin))
	defer cancel()
	e, err := v.reach()
	if err == nil {
		err = call(ctx, e)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("engine not reachable at %s: start lbsync-engine (systemctl start lbsync-engine)", v.Path)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}
