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
		rows, dests := kept[spec.ServiceKey, spec.Service]{last: last.Services}, kept[spec.DestKey, spec.Dest]{last: last.Dests}
		for _, s := range services {
			if err := k.fastService(ctx, &rows, s); err != nil {
				return err
			}
			if err := k.fastDests(ctx, &dests, s); err != nil {
				return err
			}
		}
		st.Services, st.Dests = rows.all(), dests.all()
		return ctx.Err()
	})
}

// fastServices are the services in order; those of IPv6 have a negative number of real servers, since it is not known.
func (k *Kernel) fastServices(ctx context.Context, last spec.State) ([]legacyService, error) {
	out, err := k.legacyServices()
	if err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	if !slices.ContainsFunc(last.Services, func(r spec.Row[spec.ServiceKey, spec.Service]) bool { return r.Key.Family == spec.IPv6 }) {
		return out, nil
	}
	all, err := k.services(ctx)
	for _, r := range all {
		if r.Key.Family == spec.IPv6 {
			out = append(out, legacyService{Row: r, dests: -1})
		}
	}
	slices.SortFunc(out, func(a, b legacyService) int { return a.Key.Compare(b.Key) })
	return out, err
}

// fastService adds a service. What the older interface does not tell is taken from last, or read in full.
func (k *Kernel) fastService(ctx context.Context, t *kept[spec.ServiceKey, spec.Service], s legacyService) (err error) {
	for t.next < len(t.last) && t.last[t.next].Key != s.Key && t.last[t.next].Key.Compare(s.Key) < 0 {
		t.replace(1)
	}
	was, n := spec.Service{}, 0
	if t.next < len(t.last) && t.last[t.next].Key == s.Key {
		was, n = t.last[t.next].Value, 1
	}
	visible := was
	if s.dests >= 0 {
		visible.Engine = ""
	}
	if n == 1 && visible == s.Value {
		t.keep(1)
		return nil
	}
	if s.dests >= 0 {
		if s.Value, err = k.serviceOf(ctx, s.Key); err != nil {
			return err
		}
	}
	t.replace(n, s.Row)
	return nil
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

// fastDests adds the real servers of a service.
func (k *Kernel) fastDests(ctx context.Context, t *kept[spec.DestKey, spec.Dest], s legacyService) error {
	for t.next < len(t.last) && t.last[t.next].Key.Service != s.Key && t.last[t.next].Key.Service.Compare(s.Key) < 0 {
		t.replace(1)
	}
	n := 0
	for t.next+n < len(t.last) && t.last[t.next+n].Key.Service == s.Key {
		n++
	}
	was := t.last[t.next : t.next+n]
	if s.dests >= 0 {
		entries, complete, err := k.legacyDests(s.Key, s.dests)
		if err != nil && !errors.Is(err, unix.ESRCH) { // a service that went meanwhile has no real servers
			return fmt.Errorf("read real servers of %s: %w", s.Key, err)
		}
		if complete && entries.same(was) {
			t.keep(n)
			return nil
		}
		if rows := entries.rows(s.Key); complete && knownTunnels(rows, was) {
			t.replace(n, rows...)
			return nil
		}
	}
	rows, err := k.destsOf(ctx, s.Key)
	if slices.Equal(rows, was) {
		t.keep(n)
	} else {
		t.replace(n, rows...)
	}
	return err
}

// knownTunnels takes the tunnels of rows from what they were, if it can for all.
func knownTunnels(rows, was spec.Rows[spec.DestKey, spec.Dest]) bool {
	for i, r := range rows {
		if r.Value.Forward != spec.Tun {
			continue
		}
		old, ok := was.Find(r.Key)
		if !ok || withoutTunnel(old.Value) != r.Value {
			return false
		}
		rows[i].Value = old.Value
	}
	return true
}

func withoutTunnel(d spec.Dest) spec.Dest {
	d.Tunnel = spec.Tunnel{}
	return d
}
