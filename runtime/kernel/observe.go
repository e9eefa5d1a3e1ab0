package kernel

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// ObserveFull reads everything anew: services, real servers, sync daemons, IPVS timeouts, and the sysctls of net.ipv4.vs that exist,
// with those of Hold. The error is never partial knowledge: with one, the state says nothing.
func (k *Kernel) ObserveFull(ctx context.Context) (spec.State, error) {
	return k.observe(ctx, func(st *spec.State) (err error) {
		if st.Services, err = k.services(ctx); err != nil {
			return err
		}
		for _, s := range st.Services {
			ds, err := k.destsOf(ctx, s.Key)
			if err != nil {
				return err
			}
			st.Dests = append(st.Dests, ds...)
		}
		return nil
	})
}

// observe reads all but the services and real servers, which tables does.
func (k *Kernel) observe(ctx context.Context, tables func(*spec.State) error) (st spec.State, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(ctx); err != nil {
		return spec.State{}, fmt.Errorf("observe: %w", err)
	}
	defer k.socket.watch(ctx)()
	if err = tables(&st); err == nil {
		st.Daemons, err = k.daemons(ctx)
	}
	if err == nil {
		st.Timeouts, err = k.timeouts(ctx)
	}
	if err == nil {
		err = k.ns.do(func() (err error) {
			if st.Sysctls, err = k.sysctls(); err != nil {
				return err
			}
			return detached(st.Daemons)
		})
	}
	if err != nil {
		return spec.State{}, fmt.Errorf("observe: %w", err)
	}
	return st, nil
}

func (k *Kernel) services(ctx context.Context) (spec.Rows[spec.ServiceKey, spec.Service], error) {
	var out spec.Rows[spec.ServiceKey, spec.Service]
	err := k.eachService(ctx, func(s serviceRecord) error {
		out = append(out, s.Row)
		return nil
	}, func() { out = out[:0] })
	if err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	out.Sort()
	return tidy(out), nil
}

// eachService dumps the services; restart is called when a dump starts over.
func (k *Kernel) eachService(ctx context.Context, on func(serviceRecord) error, restart func()) error {
	return settled(func() error {
		restart()
		k.request(cmdGetService, unix.NLM_F_DUMP).end()
		return k.answers(ctx, func(a answer) error {
			s, err := decodeService(a.attributes())
			if err != nil {
				return err
			}
			return on(s)
		})
	})
}

func (k *Kernel) destsOf(ctx context.Context, service spec.ServiceKey) (spec.Rows[spec.DestKey, spec.Dest], error) {
	var out spec.Rows[spec.DestKey, spec.Dest]
	err := k.eachDest(ctx, service, func(d destRecord) error {
		out = append(out, d.Row)
		return nil
	}, func() { out = out[:0] })
	if err != nil {
		return nil, fmt.Errorf("read real servers of %s: %w", service, err)
	}
	sortDests(out)
	return tidy(out), nil
}

// eachDest dumps the real servers of one service. The kernel has no dump of all: without a service it answers nothing, and no error.
func (k *Kernel) eachDest(ctx context.Context, service spec.ServiceKey, on func(destRecord) error, restart func()) error {
	return settled(func() error {
		restart()
		m := k.request(cmdGetDest, unix.NLM_F_DUMP)
		m.onlyServiceKey(service)
		m.end()
		return k.answers(ctx, func(a answer) error {
			d, err := decodeDest(service, a.attributes())
			if err != nil {
				return err
			}
			return on(d)
		})
	})
}

// tidy drops from sorted rows what a dump of several pieces repeats when the tables change meanwhile: IPVS does not set
// NLM_F_DUMP_INTR, so that such a dump cannot be told otherwise.
func tidy[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V]) spec.Rows[K, V] {
	return slices.CompactFunc(rows, func(a, b spec.Row[K, V]) bool { return a.Key == b.Key })
}

// sortDests puts the real servers of one service in order. The kernel lists the newest first, so that those that were added in order
// come in reverse: turned round, the sort has next to nothing to do, which halves the time of a fast read.
func sortDests(rows spec.Rows[spec.DestKey, spec.Dest]) {
	slices.Reverse(rows)
	slices.SortFunc(rows, func(a, b spec.Row[spec.DestKey, spec.Dest]) int { return a.Key.Addr.Compare(b.Key.Addr) })
}

func (k *Kernel) daemons(ctx context.Context) (spec.Rows[spec.Role, spec.Daemon], error) {
	var out spec.Rows[spec.Role, spec.Daemon]
	k.request(cmdGetDaemon, unix.NLM_F_DUMP).end()
	err := k.answers(ctx, func(a answer) error {
		d, err := decodeDaemon(a.attributes())
		out = append(out, d)
		return err
	})
	out.Sort()
	return out, err
}

func (k *Kernel) timeouts(ctx context.Context) (out spec.Rows[spec.TimeoutKey, spec.Seconds], err error) {
	k.request(cmdGetConfig, unix.NLM_F_ACK).end()
	err = k.answers(ctx, func(a answer) (err error) {
		out, err = decodeTimeouts(a.attributes())
		return err
	})
	return out, err
}
