package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// Apply makes the changes in their order. Each has one slot in the answer; nil is done.
func (k *Kernel) Apply(ctx context.Context, changes []spec.Change) []error {
	k.mu.Lock()
	defer k.mu.Unlock()
	errs := make([]error, len(changes))
	refused := k.refused(changes)
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			errs[i] = kernel.Failed(c, err)
			continue
		}
		errs[i] = k.one(c, refused)
	}
	k.save()
	return errs
}

// refused are the services whose modules are missing: neither they nor their real servers are written.
func (k *Kernel) refused(changes []spec.Change) map[spec.ServiceKey]error {
	out := map[spec.ServiceKey]error{}
	for _, c := range changes {
		if s, ok := c.After.(spec.Service); ok {
			if err := k.missing(s); err != nil {
				out[c.Key.(spec.ServiceKey)] = err
			}
		}
	}
	return out
}

func (k *Kernel) missing(s spec.Service) error {
	if m := kernel.SchedulerModule(s.Scheduler); slices.Contains(k.Missing, m) || !slices.Contains(schedulers, s.Scheduler) {
		return &kernel.MissingModule{What: "scheduler " + s.Scheduler, Module: m}
	}
	if m := kernel.EngineModule(s.Engine); s.Engine != "" && (slices.Contains(k.Missing, m) || s.Engine != "sip") {
		return &kernel.MissingModule{What: "persistence engine " + s.Engine, Module: m}
	}
	return nil
}

func (k *Kernel) one(c spec.Change, refused map[spec.ServiceKey]error) error {
	if k.Fail != nil {
		k.save()
		if err := k.Fail(c); err != nil {
			return kernel.Failed(c, err)
		}
	}
	var err error
	switch key := c.Key.(type) {
	case spec.ServiceKey:
		if err = refused[key]; err == nil {
			err = k.service(key, c)
		}
	case spec.DestKey:
		if err = refused[key.Service]; err != nil {
			err = fmt.Errorf("its service is not written: %w", err)
		} else {
			err = k.dest(key, c)
		}
	case spec.Role:
		err = k.daemon(key, c)
	case spec.TimeoutKey:
		err = k.timeout(key, c)
	case spec.SysctlKey:
		err = k.sysctl(key, c)
	}
	return named(c, err)
}

func named(c spec.Change, err error) error {
	if err == nil {
		return nil
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return kernel.Refused(c, errno)
	}
	return kernel.Failed(c, err)
}

func (k *Kernel) service(key spec.ServiceKey, c spec.Change) error {
	_, exists := k.services[key]
	switch {
	case c.Action == spec.Add && exists:
		return syscall.EEXIST
	case c.Action != spec.Add && !exists:
		return syscall.ESRCH
	case c.Action == spec.Remove:
		k.removeService(key)
		return nil
	}
	s := c.After.(spec.Service)
	if s.Persistence == 0 {
		s.Netmask = 0
	} else if bits := map[spec.Family]uint8{spec.IPv4: 32, spec.IPv6: 128}[key.Family]; s.Netmask > bits || s.Netmask == 0 && bits == 128 {
		return syscall.EINVAL
	}
	k.services[key] = s
	return nil
}

func (k *Kernel) removeService(key spec.ServiceKey) {
	delete(k.services, key)
	of := func(d spec.DestKey) bool { return d.Service == key }
	maps.DeleteFunc(k.dests, func(d spec.DestKey, _ spec.Dest) bool { return of(d) })
	maps.DeleteFunc(k.traffic, func(d spec.DestKey, _ spec.DestStats) bool { return of(d) })
}

func (k *Kernel) timeout(key spec.TimeoutKey, c spec.Change) error {
	v, ok := c.After.(spec.Seconds)
	if _, known := k.timeouts[key]; !ok || !known {
		return kernel.ErrOnlySet
	}
	if v > maxTimeout {
		return syscall.EINVAL
	}
	if v != 0 { // 0 leaves it as it is (ip_vs_set_timeout)
		k.timeouts[key] = v
	}
	return nil
}

func (k *Kernel) sysctl(key spec.SysctlKey, c spec.Change) error {
	v, ok := c.After.(spec.Setting)
	if !ok {
		return kernel.ErrOnlySet
	}
	_, seen := k.sysctls[key]
	_, exists := k.others[key]
	if !seen && !exists {
		return kernel.NoSysctl(key)
	}
	v, err := kernel.Normalise(v)
	if err != nil {
		return err
	}
	k.sysctls[key] = v
	delete(k.others, key)
	return nil
}
