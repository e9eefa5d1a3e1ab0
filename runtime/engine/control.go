package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// control is what the agent talks to.
type control struct {
	options   Options
	log       *slog.Logger
	scheduler *scheduler
	loop      *loop
	holder    *holder
	page      *page
	started   time.Time
	over      chan struct{} // closed when the loop has ended
	collected atomic.Uint64 // bytes that had been allocated when garbage was collected last

	mu       sync.Mutex // of what is wanted: one change at a time
	kept     kept
	verdicts map[verdictKey]bool
}

type verdictKey = spec.TrackerKey

var _ line.Engine = (*control)(nil)

var errStopping = errors.New("the engine is stopping")

// onLoop has the loop run something and waits for it.
func (c *control) onLoop(f func(*loop)) error {
	done := make(chan struct{})
	c.loop.post(func(l *loop) {
		f(l)
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-c.over:
		return errStopping
	}
}

func (c *control) onHolder(f func(*holder)) error {
	done := make(chan struct{})
	c.holder.inbox.post(func() {
		f(c.holder)
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-c.over:
		return errStopping
	}
}

// Wanted is what the engine works by.
func (c *control) Wanted(context.Context) (spec.VRRP, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.VRRP, nil
}

// Want takes a state whole or refuses it whole. It is on disk before anything changes.
func (c *control) Want(_ context.Context, v spec.VRRP, secrets map[string]string) error {
	if err := check(v, secrets); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.over:
		return errStopping
	default:
	}
	if c.holder.adopted.Load() && reflect.DeepEqual(v, c.kept.VRRP) && maps.Equal(secrets, c.kept.Secrets) {
		return nil
	}
	next, verdicts := kept{VRRP: v, Secrets: secrets}, map[verdictKey]bool{}
	for _, r := range v.Trackers {
		if good, ok := c.verdicts[r.Key]; ok {
			next.Verdicts, verdicts[r.Key] = append(next.Verdicts, verdict{r.Key, good}), good
		}
	}
	if err := next.save(c.options.State); err != nil {
		return err
	}
	if err := c.apply(newDesign(v, secrets, verdicts), v); err != nil {
		return err
	}
	c.kept, c.verdicts = next, verdicts
	c.log.Info("wanted state taken", "instances", len(v.Instances), "addresses", len(v.Addresses))
	debug.FreeOSMemory() // nothing is thrown away in quantity but here
	return nil
}

// apply changes over: what ends first says goodbye, then interfaces, sockets and addresses are made ready, then the rest begins.
func (c *control) apply(d design, v spec.VRRP) error {
	var holdings map[spec.InstanceKey]*holding
	return errors.Join(
		c.onLoop(func(l *loop) { l.retire(d) }),
		c.onLoop(func(*loop) {}), // the goodbyes have left
		c.onHolder(func(k *holder) { holdings = k.adopt(v) }),
		c.onLoop(func(l *loop) { l.install(d, holdings) }),
	)
}

// Verdict passes on what the agent found out, and keeps it for the time after a restart.
func (c *control) Verdict(_ context.Context, k spec.TrackerKey, good bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.kept.VRRP.Trackers.Find(k); !ok || k.Watch == spec.WatchInterface {
		return fmt.Errorf("%s %s is none that the agent watches for this engine", k.Kind(), k)
	}
	if was, ok := c.verdicts[k]; ok && was == good {
		return nil
	}
	c.verdicts[k] = good
	c.kept.Verdicts = nil
	for _, key := range slices.SortedFunc(maps.Keys(c.verdicts), spec.TrackerKey.Compare) {
		c.kept.Verdicts = append(c.kept.Verdicts, verdict{key, c.verdicts[key]})
	}
	err := c.onLoop(func(l *loop) {
		for _, t := range l.trackers {
			if t.key == k {
				l.observe(t, l.now, good)
			}
		}
	})
	return errors.Join(err, c.kept.save(c.options.State))
}

// Handover gives the role of an instance, and of its sync group, away.
func (c *control) Handover(_ context.Context, i spec.InstanceKey) error {
	var refused error
	err := c.onLoop(func(l *loop) { refused = l.handOver(i) })
	return cmp.Or(err, refused)
}

func (l *loop) handOver(i spec.InstanceKey) error {
	m, ok := l.members[i]
	if !ok {
		return fmt.Errorf("there is no instance %q", string(i))
	}
	if s := m.group.machine.State(); s != vrrp.Active {
		return fmt.Errorf("%s is %s here: only the master hands over", i, word(uint8(s)))
	}
	l.step(m, l.now, vrrp.Handover())
	return nil
}

// remind has all masters advertise, outside their turn.
func (l *loop) remind() {
	for _, m := range l.members {
		if m.group.machine.State() == vrrp.Active {
			l.send(m, m.machine().Effective())
		}
	}
}

// Events waits for what is newer than after. The end of ctx is a reason to look once more: an engine that stops leaves its roles first,
// and whoever waits hears of that.
func (c *control) Events(ctx context.Context, after uint64) (spec.VRRPEvents, error) {
	for {
		next := c.loop.bell.wait() // before the look, so that none in between is missed
		if e := c.page.since(after); len(e.Events) > 0 {
			return e, nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			if e := c.page.since(after); len(e.Events) > 0 {
				return e, nil
			}
			return spec.VRRPEvents{}, ctx.Err()
		}
	}
}
