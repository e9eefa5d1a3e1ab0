package syncing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/spec"
)

// Resync sends the whole connection table with the settings of a sync daemon, whether or not one runs. A table that is too large for
// ReadBudget on this kernel is not sent, or not to its end; Partial says so, and that is no error. With an error, the result is what was
// sent before it.
func (t *Table) Resync(ctx context.Context, d spec.Daemon) (spec.Resynced, error) {
	began := t.Now()
	end, err := t.begin(ctx)
	if errors.Is(err, ErrTooCostly) {
		return spec.Resynced{Partial: err.Error(), Took: t.Now().Sub(began)}, nil
	}
	if err != nil {
		return spec.Resynced{}, fmt.Errorf("resync connections: %w", err)
	}
	defer end()
	out, err := t.send(ctx, d)
	out.Took = t.Now().Sub(began)
	if errors.Is(err, errBudget) {
		out.Partial = err.Error()
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("resync connections: %w", err)
	}
	return out, nil
}

func (t *Table) send(ctx context.Context, d spec.Daemon) (spec.Resynced, error) {
	state, err := t.State(ctx)
	if err != nil {
		return spec.Resynced{}, err
	}
	sender, err := t.Sender(d)
	if err != nil {
		return spec.Resynced{}, err
	}
	r := resync{
		ctx: ctx, sender: sender, pace: newPacer(t.Now), known: newVirtuals(state), began: t.Now(),
		pack: connsync.NewPacker(d.SyncID, d.MaxLen),
	}
	defer r.pace.ticks.Stop()
	err = t.Connections(ctx, r.line)
	if err == nil || errors.Is(err, errBudget) {
		err = errors.Join(err, r.flush())
	}
	return r.out, errors.Join(err, sender.Close())
}

// resync is one that is under way.
type resync struct {
	ctx    context.Context
	sender Sender
	pace   *pacer
	known  virtuals
	pack   *connsync.Packer
	began  time.Time
	out    spec.Resynced
}

func (r *resync) line(line []byte) error {
	c, synced, err := connsync.ParseLine(line)
	if err != nil {
		return err
	}
	if !synced {
		r.out.Skipped++
		return nil
	}
	r.known.complete(&c)
	r.out.Connections++
	if r.pack.Add(&c) {
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.pack.Add(&c)
	if r.pace.now().Sub(r.began)-r.pace.waited > ReadBudget {
		return errBudget
	}
	return nil
}

func (r *resync) flush() error {
	msg := r.pack.Take()
	if msg == nil {
		return nil
	}
	if err := r.pace.pass(r.ctx); err != nil {
		return err
	}
	r.out.Messages++
	return r.sender.Send(msg)
}
