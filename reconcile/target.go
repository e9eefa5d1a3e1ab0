package reconcile

import (
	"context"

	"github.com/lbsync/lbsync/spec"
)

// Depth says how thorough an observation is.
type Depth int

// The depths. Fast may take the real servers of a service that shows no sign of change from the observation before; Full reads
// every object.
const (
	Full Depth = iota
	Fast
)

// Target is what a plan is carried out on: one director's kernel and engine.
type Target interface {
	// Observe is the live state, every kind of row sorted by key. An observation that is not whole is an error: what was not seen
	// would be taken for missing.
	Observe(ctx context.Context, d Depth) (spec.State, error)
	// Apply makes the changes of one step and returns one error for each, nil where it was made. It goes on after a change that
	// could not be made; but those of the engine (spec.IsVRRP) are made all or none.
	Apply(ctx context.Context, changes []spec.Change) []error
}
