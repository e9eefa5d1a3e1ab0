package syncing

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/lbsync/lbsync/runtime/connsync"
	"github.com/lbsync/lbsync/spec"
)

// Resync sends all connections that are ours with the settings of a sync daemon, whether or not one runs. A table that is too large for
// ReadBudget on this kernel is not sent, or not to its end; Partial says so, and that is no error. With an error, the result is what was
// sent before it.
//
// The table is read before the first message is sent, to be done with it while it changes little; until then the messages are kept, 37
// bytes for a connection of IPv4 and 73 for one of IPv6.
func (t *Table) Resync(ctx context.Context, d spec.Daemon) (spec.Resynced, error) {
	return t.timed(ctx, d, func(a netip.Addr) bool { return t.Ours()(a) }) // a role that is lost meanwhile counts
}

// Parting is the Resync of a director that is about to give a role away, for afterwards: what is ours when Parting is called is sent.
func (t *Table) Parting(d spec.Daemon) func(context.Context) (spec.Resynced, error) {
	ours := t.Ours()
	return func(ctx context.Context) (spec.Resynced, error) { return t.timed(ctx, d, ours) }
}

func (t *Table) timed(ctx context.Context, d spec.Daemon, ours func(netip.Addr) bool) (spec.Resynced, error) {
	began := t.Now()
	out, err := t.resync(ctx, d, ours)
	out.Took = t.Now().Sub(began)
	if errors.Is(err, ErrTooCostly) {
		out.Partial, err = err.Error(), nil
	}
	if err != nil {
		return out, fmt.Errorf("resync connections: %w", err)
	}
	return out, nil
}

func (t *Table) resync(ctx context.Context, d spec.Daemon, ours func(netip.Addr) bool) (out spec.Resynced, err error) {
	s, end, err := t.begin(ctx)
	if err != nil {
		return out, err
	}
	defer end()
	var sample connsync.Sample
	messages, read, err := t.messages(ctx, &s, d, ours, &sample)
	if err != nil && !errors.Is(err, errLimit) {
		return out, err
	}
	out.Skipped, out.Sample, out.Busy = s.skipped, t.told(sample), read
	sender, sendErr := t.Sender(d)
	if sendErr != nil {
		return out, errors.Join(sendErr, err)
	}
	sendErr = paced(ctx, messages, func(m []byte) error {
		if err := sender.Send(m); err != nil {
			return err
		}
		h, err := connsync.ParseHeader(m, len(m))
		out.Messages++
		out.Connections += int(h.Count)
		return err
	})
	out.Busy += time.Duration(out.Messages) * interval / batch
	if sendErr = errors.Join(sendErr, sender.Close()); sendErr != nil {
		return out, sendErr
	}
	return out, err
}

// messages reads the table, which takes so much processor time, and takes a sample of it. With errLimit they are those of what was read.
func (t *Table) messages(ctx context.Context, s *sweep, d spec.Daemon, ours func(netip.Addr) bool, sent *connsync.Sample) (out [][]byte, took time.Duration, err error) {
	state, err := t.State(ctx)
	if err != nil {
		return nil, 0, err
	}
	known, pack := newVirtuals(state), connsync.NewPacker(d.SyncID, d.MaxLen)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := spent()
	err = s.read(ctx, ours, func(c *connsync.Conn) {
		sent.Add(c)
		known.complete(c)
		if !pack.Add(c) {
			out = append(out, slices.Clone(pack.Take()))
			pack.Add(c)
		}
	})
	if last := pack.Take(); last != nil {
		out = append(out, last)
	}
	return out, spent() - began, err
}

// spent is the processor time of this thread so far (getrusage(2)). Of a reading it is the cost, however busy the machine is otherwise.
func spent() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_THREAD, &r) != nil {
		return 0 // it cannot fail for the calling thread
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
