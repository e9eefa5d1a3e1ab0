// Package line is how the agent talks to the real-time engine of the same director: one request and one answer on each connection to
// a unix socket of kind SOCK_SEQPACKET, which only root may use.
//
// A message is a header and a body. The header has the version of the protocol, what is asked, and length and CRC of the body;
// the body is a gob of package spec's values, cut into packets. It is taken whole or refused whole.
package line

import (
	"context"

	"github.com/lbsync/lbsync/spec"
)

// DefaultPath is where the engine listens.
const DefaultPath = "/run/lbsync/engine.sock"

// Engine is what can be asked of the engine. Client asks it over the socket; Serve answers by it. Its methods are called from several
// goroutines.
type Engine interface {
	// Wanted is what the engine works by, also if an earlier agent told it so.
	Wanted(context.Context) (spec.VRRP, error)
	// Want replaces all that the engine works by. Secrets are by the names that Instance.Secret has; Wanted never shows them.
	Want(ctx context.Context, v spec.VRRP, secrets map[string]string) error
	// Verdict tells what a script, file or process says that the agent watches for the engine.
	Verdict(ctx context.Context, k spec.TrackerKey, good bool) error
	// Handover has the master of an instance give its role away, to a backup that is there.
	Handover(context.Context, spec.InstanceKey) error
	// Status is the engine as it is now.
	Status(context.Context) (spec.VRRPStatus, error)
	// Events are those with a serial above after; while there is none, it waits for one.
	Events(ctx context.Context, after uint64) (spec.VRRPEvents, error)
}
