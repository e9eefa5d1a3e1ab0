package pair

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/spec"
)

// Lbsync is lbsync's engine on a node. Nobody else is there: the agent's part is played by Start.
type Lbsync struct {
	process
	program string
	dir     string
	want    spec.VRRP
	secrets map[string]string
	told    bool
}

// NewLbsync prepares an engine that keeps its socket and state in dir.
func (n *Node) NewLbsync(program, dir string, want spec.VRRP, secrets map[string]string) *Lbsync {
	return &Lbsync{process{node: n, log: filepath.Join(dir, n.Name+".log")}, program, dir, want, secrets, false}
}

func (e *Lbsync) file(kind string) string { return filepath.Join(e.dir, e.node.Name+"."+kind) }

// Start starts it. The first time it is told what is wanted; later it knows that from its own state.
func (e *Lbsync) Start(ctx context.Context) error {
	if err := e.start(e.program, "engine", "--socket", e.file("sock"), "--state", e.file("state")); err != nil {
		return err
	}
	client, err := e.Client(ctx)
	if err != nil || e.told {
		return err
	}
	if err := client.Want(ctx, e.want, e.secrets); err != nil {
		return fmt.Errorf("tell the engine of %s: %w", e.node.Name, err)
	}
	e.told = true
	return nil
}

// Memory is where the files of speakers belong: the engine writes its roles down, which must not wait for a disk.
const Memory = "/dev/shm"

// pollEvery is the time between two looks at what sends no event.
const pollEvery = 5 * time.Millisecond

// Client waits until the engine listens.
func (e *Lbsync) Client(ctx context.Context) (*line.Client, error) {
	var client *line.Client
	err := Poll(ctx, func() (bool, error) {
		var err error
		if client, err = line.Dial(e.file("sock")); errors.Is(err, line.ErrUnreachable) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, fmt.Errorf("reach the engine of %s: %w: %s", e.node.Name, err, e.Said())
	}
	return client, nil
}

// Poll looks again and again until the answer is yes.
func Poll(ctx context.Context, look func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		yes, err := look()
		if yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
