// Package kerneltest is a kernel for tests: a fake that behaves like Linux' IPVS, and the one conformance suite that the fake and
// the real kernel both have to pass.
package kerneltest

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// Kernel is a fake. It refuses what Linux refuses, with the same errors, and reads back what Linux reads back. Set the exported
// fields before it is used.
type Kernel struct {
	// Interfaces are those that sync daemons may use. New makes lo and eth0.
	Interfaces map[string]kernel.Interface
	// Missing are modules that are neither loaded nor installed, such as "ip_vs_mh".
	Missing []string
	// LoDown makes every new IPv4 real server fail, as in a fresh network namespace.
	LoDown bool
	// Fail, when set, is asked before each change; its error is that change's. It may panic or exit, to be killed at that point.
	Fail func(spec.Change) error
	// File, when set, is written after each Apply and before each call of Fail, so that the fake outlives its process.
	File string

	mu       sync.Mutex
	services map[spec.ServiceKey]spec.Service
	dests    map[spec.DestKey]spec.Dest
	daemons  map[spec.Role]spec.Daemon
	timeouts map[spec.TimeoutKey]spec.Seconds
	sysctls  map[spec.SysctlKey]spec.Setting // those that are observed
	others   map[spec.SysctlKey]spec.Setting // those that are not yet
	traffic  map[spec.DestKey]spec.DestStats // outlives a removed real server: the kernel keeps it in its trash and gives it back
}

// New is an empty kernel with Linux 6.1's defaults, an interface lo, and an interface eth0 with both families and an MTU of 1500.
func New() *Kernel {
	return &Kernel{
		Interfaces: map[string]kernel.Interface{
			"lo":   {Name: "lo", Up: true, MTU: 65536, IPv4: true, IPv6: true},
			"eth0": {Name: "eth0", Up: true, MTU: 1500, IPv4: true, IPv6: true},
		},
		services: map[spec.ServiceKey]spec.Service{},
		dests:    map[spec.DestKey]spec.Dest{},
		daemons:  map[spec.Role]spec.Daemon{},
		timeouts: map[spec.TimeoutKey]spec.Seconds{spec.TimeoutTCP: 900, spec.TimeoutTCPFin: 120, spec.TimeoutUDP: 300},
		sysctls:  maps.Clone(sysctlDefaults),
		others:   maps.Clone(otherSysctls),
		traffic:  map[spec.DestKey]spec.DestStats{},
	}
}

// ObserveFull is everything the kernel holds.
func (k *Kernel) ObserveFull(ctx context.Context) (spec.State, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state(), ctx.Err()
}

// ObserveFast is ObserveFull: the fake has nothing that only the full read sees.
func (k *Kernel) ObserveFast(ctx context.Context, _ spec.State) (spec.State, error) {
	return k.ObserveFull(ctx)
}

func (k *Kernel) state() spec.State {
	for role, d := range k.daemons {
		_, there := k.Interfaces[d.Interface]
		d.Detached = d.Detached || !there
		k.daemons[role] = d
	}
	return spec.State{
		Services: rows(k.services), Dests: rows(k.dests), Daemons: rows(k.daemons),
		Timeouts: rows(k.timeouts), Sysctls: rows(k.sysctls),
	}
}

func rows[K spec.RowKey[K], V spec.RowValue](m map[K]V) spec.Rows[K, V] {
	out := make(spec.Rows[K, V], 0, len(m))
	for k, v := range m {
		out = append(out, spec.Row[K, V]{Key: k, Value: v})
	}
	out.Sort()
	return out
}

// Count sets the counters of a real server; its service's are the sum.
func (k *Kernel) Count(s spec.DestStats) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.traffic[s.Key] = s
}

// Stats are the counters of the given services, or of all.
func (k *Kernel) Stats(ctx context.Context, services ...spec.ServiceKey) (spec.Stats, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out spec.Stats
	st := k.state()
	for _, s := range st.Services {
		if len(services) > 0 && !slices.Contains(services, s.Key) {
			continue
		}
		sum := spec.ServiceStats{Key: s.Key}
		for _, d := range st.DestsOf(s.Key) {
			t := k.traffic[d.Key]
			t.Key, t.Weight = d.Key, d.Value.Weight
			out.Dests = append(out.Dests, t)
			add(&sum.Counters, t.Counters)
		}
		out.Services = append(out.Services, sum)
	}
	if len(services) == 0 {
		out.Daemons = st.Daemons
	}
	return out, ctx.Err()
}

func add(to *spec.Counters, c spec.Counters) {
	to.Connections += c.Connections
	to.InPackets += c.InPackets
	to.OutPackets += c.OutPackets
	to.InBytes += c.InBytes
	to.OutBytes += c.OutBytes
	to.ConnectionRate += c.ConnectionRate
	to.InPacketRate += c.InPacketRate
	to.OutPacketRate += c.OutPacketRate
	to.InByteRate += c.InByteRate
	to.OutByteRate += c.OutByteRate
}

// Hold adds sysctls to those that are observed.
func (k *Kernel) Hold(keys ...spec.SysctlKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range keys {
		if v, ok := k.others[key]; ok {
			k.sysctls[key] = v
			delete(k.others, key)
		}
	}
}

// Close does nothing: the kernel stays when a program goes.
func (k *Kernel) Close() error { return nil }
