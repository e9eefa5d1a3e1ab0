package kernel

import (
	"context"
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Stats are the counters of the given services and their real servers, or of all and the sync daemons, in order. A service that does
// not exist has none.
// The caller fills in version and time.
func (k *Kernel) Stats(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(ctx); err != nil {
		return spec.Stats{}, fmt.Errorf("read counters: %w", err)
	}
	defer k.socket.watch(ctx)()
	out, err := k.stats(ctx, services)
	if err != nil {
		return spec.Stats{}, fmt.Errorf("read counters: %w", err)
	}
	return out, nil
}

func (k *Kernel) stats(ctx context.Context, services []spec.ServiceKey) (out spec.Stats, err error) {
	err = k.eachService(ctx, func(s serviceRecord) error {
		if len(services) > 0 && !slices.Contains(services, s.Key) {
			return nil
		}
		c, err := decodeCounters(s.stats)
		out.Services = append(out.Services, spec.ServiceStats{Key: s.Key, Counters: c})
		return err
	}, func() { out.Services = out.Services[:0] })
	slices.SortFunc(out.Services, func(a, b spec.ServiceStats) int { return a.Key.Compare(b.Key) })
	for _, s := range out.Services {
		if err == nil {
			err = k.destStats(ctx, s.Key, &out.Dests)
		}
	}
	if err != nil || len(services) > 0 {
		return out, err
	}
	if out.Daemons, err = k.daemons(ctx); err != nil {
		return out, err
	}
	return out, detached(out.Daemons)
}

func (k *Kernel) destStats(ctx context.Context, service spec.ServiceKey, out *[]spec.DestStats) error {
	from := len(*out)
	err := k.eachDest(ctx, service, func(d destRecord) error {
		c, err := decodeCounters(d.stats)
		*out = append(*out, spec.DestStats{Key: d.Key, Weight: d.Value.Weight, Active: d.active[0], Inactive: d.active[1], Persistent: d.active[2], Counters: c})
		return err
	}, func() { *out = (*out)[:from] })
	slices.SortFunc((*out)[from:], func(a, b spec.DestStats) int { return a.Key.Compare(b.Key) })
	return err
}
