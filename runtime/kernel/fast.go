package kernel

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// ObserveFast is ObserveFull at a fraction of its cost: the real servers of IPv4 services are read by the older interface. What
// that cannot see is their tunnels; they are taken from last, what was observed or applied last, where everything else of the real
// server is as it was there. Services where it is not, and those with real servers of both families, are read in full.
//
// So it may miss one thing: a tunnel that a stranger changed while he changed nothing else.
func (k *Kernel) ObserveFast(ctx context.Context, last spec.State) (spec.State, error) {
	if !legacyUsable {
		return k.ObserveFull(ctx)
	}
	return k.observe(ctx, func(st *spec.State) error {
		counts, err := k.destCounts()
		if err != nil {
			return fmt.Errorf("count real servers: %w", err)
		}
		st.Dests = make(spec.Rows[spec.DestKey, spec.Dest], 0, len(last.Dests)+len(st.Services))
		for _, s := range st.Services {
			from := len(st.Dests)
			seen, err := k.fastDests(s.Key, counts, last, &st.Dests)
			if err == nil && !seen {
				var ds spec.Rows[spec.DestKey, spec.Dest]
				ds, err = k.destsOf(ctx, s.Key)
				st.Dests = append(st.Dests[:from], ds...)
			}
			if err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// fastDests appends the real servers of a service; false when they must be read in full.
func (k *Kernel) fastDests(service spec.ServiceKey, counts map[spec.ServiceKey]int, last spec.State, out *spec.Rows[spec.DestKey, spec.Dest]) (bool, error) {
	n, ok := counts[service]
	if !ok || service.Family != spec.IPv4 {
		return false, nil
	}
	from := len(*out)
	all, complete, err := k.legacyDests(service, n, *out)
	*out = all
	if errors.Is(err, unix.ESRCH) { // gone since it was listed; the full read will say so
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read real servers of %s: %w", service, err)
	}
	rows := all[from:]
	sortDests(rows)
	return complete && knownTunnels(rows, last), nil
}

// knownTunnels takes the tunnels of rows from last, if it can for all.
func knownTunnels(rows spec.Rows[spec.DestKey, spec.Dest], last spec.State) bool {
	for i, r := range rows {
		if r.Value.Forward != spec.Tun {
			continue
		}
		was, ok := last.Dests.Find(r.Key)
		visible := was.Value
		visible.Tunnel = spec.Tunnel{}
		if !ok || visible != r.Value {
			return false
		}
		rows[i].Value = was.Value
	}
	return true
}
