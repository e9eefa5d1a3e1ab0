package engine

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// chronicleEvery is how often dropped packets are summed up in the log, however many there are.
const chronicleEvery = time.Minute

// chronicle writes the log of the elections, and tidies up. Neither is the loop's business: a log may block.
func (c *control) chronicle(ctx context.Context) error {
	ticker := time.NewTicker(chronicleEvery)
	defer ticker.Stop()
	last, drops := c.page.newest(), map[spec.InstanceKey]map[string]uint64{}
	for {
		next := c.loop.bell.wait()
		last = c.logEvents(last)
		select {
		case <-next:
		case <-ticker.C:
			if err := c.logDrops(ctx, drops); err != nil {
				return nil // the loop has ended
			}
			c.tidy()
		case <-ctx.Done():
			c.logEvents(last)
			return nil
		}
	}
}

// logEvents writes what is newer than last, and says which is the newest now.
func (c *control) logEvents(last uint64) uint64 {
	for _, e := range c.page.since(last).Events {
		c.log.Info("transition", "instance", e.Instance, "from", e.From, "to", e.To, "priority", e.Priority, "why", e.Why)
		last = e.Serial
	}
	return last
}

// logDrops tells of packets that were dropped since the last time (RFC 9568, section 7.1 has them logged).
func (c *control) logDrops(ctx context.Context, before map[spec.InstanceKey]map[string]uint64) error {
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	for _, i := range s.Instances {
		for reason, count := range i.Counters.Dropped {
			if more := count - before[i.Name][reason]; more > 0 {
				c.log.Warn("packets dropped", "instance", i.Name, "reason", reason, "count", more)
			}
		}
		before[i.Name] = i.Counters.Dropped
	}
	return nil
}

// garbageMax is how much may be allocated before it is collected, and given back.
const garbageMax = 2 << 20

// tidy collects garbage if there may be much. The runtime does not by itself, so that no collection falls into an election that
// happens to allocate.
func (c *control) tidy() {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	now, before := sample[0].Value.Uint64(), c.collected.Load()
	if now-before >= garbageMax && c.collected.CompareAndSwap(before, now) {
		debug.FreeOSMemory()
	}
}
