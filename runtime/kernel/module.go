package kernel

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// missing are the services among the changes whose scheduler or persistence engine the kernel has not and cannot load.
func (k *Kernel) missing(ctx context.Context, changes []spec.Change) map[spec.ServiceKey]error {
	out := map[spec.ServiceKey]error{}
	known := map[module]error{}
	for _, c := range changes {
		s, ok := c.After.(spec.Service)
		if !ok {
			continue
		}
		m := module{s.Scheduler, s.Engine}
		err, asked := known[m]
		if !asked {
			err = k.provide(ctx, m)
			known[m] = err
		}
		if err != nil {
			out[c.Key.(spec.ServiceKey)] = err
		}
	}
	return out
}

// provide makes sure that the kernel has the modules of a service. What it has once it keeps, or loads again by itself.
func (k *Kernel) provide(ctx context.Context, m module) error {
	if k.available[m] || k.has(ctx, m) {
		k.available[m] = true
		return nil
	}
	what := MissingModule{What: "scheduler " + m.scheduler, Module: SchedulerModule(m.scheduler)}
	if plain := (module{scheduler: m.scheduler}); m.engine != "" && k.has(ctx, plain) {
		what = MissingModule{What: "persistence engine " + m.engine, Module: EngineModule(m.engine)}
	}
	if !k.modprobe {
		return &what
	}
	if what.Cause = modprobe(ctx, what.Module); what.Cause == nil && k.has(ctx, m) {
		k.available[m] = true
		return nil
	}
	return &what
}

// has asks the kernel whether it has the modules, which it loads if it can, by a request that must fail: a new service with a netmask
// that is not allowed. ip_vs_add_service looks for the modules first, and says ENOENT without them. An answer that tells nothing
// (EAFNOSUPPORT where IPv6 is off) counts as yes: then the service's own request will be refused.
func (k *Kernel) has(ctx context.Context, m module) bool {
	if k.socket == nil {
		return true // the connection was lost, and every change will say so
	}
	msg := k.request(cmdNewService, unix.NLM_F_ACK)
	n := msg.nest(attrService)
	msg.u16(svcFamily, unix.AF_INET6)
	msg.u32(svcFWMark, 0) // no service has this mark, so that none exists already
	msg.text(svcScheduler, m.scheduler)
	if m.engine != "" {
		msg.text(svcEngine, m.engine)
	}
	msg.bytes(svcFlags, make([]byte, 8))
	msg.u32(svcTimeout, 0)
	msg.u32(svcNetmask, 0)
	msg.close(n)
	msg.end()
	err := k.answers(ctx, func(answer) error { return nil })
	return !errors.Is(err, unix.ENOENT)
}
