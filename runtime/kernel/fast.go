package kernel

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// ObserveFast is ObserveFull at a fraction of its cost: IPv4 services and their real servers are read by the older interface. What
// that cannot see, persistence engines and tunnels, is taken from last (what was observed or applied last) where everything else of
// the object is as it was there; where it is not, the object is read in full. So are services with real servers of both families,
// and IPv6 services, where last has any.
//
// So it may miss what a stranger did: an engine or a tunnel that he changed while he changed nothing else, and the first IPv6
// service. The full read sees them. Without an observed last it is the full read.
func (k *Kernel) ObserveFast(ctx context.Context, last spec.State) (spec.State, error) {
	if observed := len(last.Timeouts) > 0; !observed || !legacyUsable { // every kernel has timeouts
		return k.ObserveFull(ctx)
	}
	return k.observe(ctx, func(st *spec.State) error {
		services, err := k.fastServices(ctx, last)
		if err != nil {
			return err
		}
		st.Services = make(spec.Rows[spec.ServiceKey, spec.Service], 0, len(services))
		st.Dests = make(spec.Rows[spec.DestKey, spec.Dest], 0, len(last.Dests))
		for _, s := range services {
			st.Services = append(st.Services, s.Row)
			if st.Dests, err = k.appendDests(ctx, st.Dests, s, last); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// fastServices are the services in order; those of IPv6 have a negative number of real servers, since it is not known.
func (k *Kernel) fastServices(ctx context.Context, last spec.State) ([]legacyService, error) {
	out, err := k.legacyServices()
	if err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	for i, s := range out {
		was, _ := last.Services.Find(s.Key)
		visible := was.Value
		visible.Engine = ""
		if visible == s.Value {
			out[i].Value = was.Value
		} else if out[i].Value, err = k.serviceOf(ctx, s.Key); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(last.Services, func(r spec.Row[spec.ServiceKey, spec.Service]) bool { return r.Key.Family == spec.IPv6 }) {
		return out, nil
	}
	all, err := k.services(ctx)
	for _, r := range all {
		if r.Key.Family == spec.IPv6 {
			out = append(out, legacyService{r, -1})
		}
	}
	slices.SortFunc(out, func(a, b legacyService) int { return a.Key.Compare(b.Key) })
	return out, err
}

// serviceOf reads one service in full.
func (k *Kernel) serviceOf(ctx context.Context, key spec.ServiceKey) (s spec.Service, err error) {
	m := k.request(cmdGetService, unix.NLM_F_ACK)
	m.onlyServiceKey(key)
	m.end()
	err = k.answers(ctx, func(a answer) error {
		r, err := decodeService(a.attributes())
		s = r.Value
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read service %s: %w", key, err)
	}
	return s, nil
}

// appendDests appends the real servers of a service.
func (k *Kernel) appendDests(ctx context.Context, out spec.Rows[spec.DestKey, spec.Dest], s legacyService, last spec.State) (spec.Rows[spec.DestKey, spec.Dest], error) {
	from := len(out)
	if s.dests >= 0 {
		all, complete, err := k.legacyDests(s.Key, s.dests, out)
		if err != nil && !errors.Is(err, unix.ESRCH) { // a service that went meanwhile has no real servers
			return nil, fmt.Errorf("read real servers of %s: %w", s.Key, err)
		}
		rows := all[from:]
		sortDests(rows)
		if complete && knownTunnels(rows, last) {
			return all, nil
		}
	}
	rows, err := k.destsOf(ctx, s.Key)
	return append(out[:from], rows...), err
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
