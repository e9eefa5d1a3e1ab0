package health

import (
	"net/netip"

	"github.com/lbsync/lbsync/runtime/health/probe"
	"github.com/lbsync/lbsync/spec"
)

// plans are the settings of checks that the loops run, each once: all real servers of a virtual server have the same.
type plans map[planKey]*settings

type planKey struct {
	kind     string
	settings spec.CheckSettings
}

func (p plans) read(c spec.Check) (*settings, error) {
	key := planKey{c.Kind, c.Settings}
	if s := p[key]; s != nil {
		return s, nil
	}
	s, err := readSettings(c.Kind, c.Settings)
	if err == nil {
		p[key] = s
	}
	return s, err
}

// forget drops those that no check has any more.
func (p plans) forget(checks index) {
	used := map[planKey]bool{}
	for _, c := range checks {
		for ; c != nil; c = c.same {
			used[planKey{c.Kind, c.Settings}] = true
		}
	}
	for key := range p {
		if !used[key] {
			delete(p, key)
		}
	}
}

// probed is what a check is about, by which probes are bounded: along the real path it is not the virtual address, which many share.
func probed(c spec.Check) netip.AddrPort {
	return unmapped(netip.AddrPortFrom(c.Probed(), c.Addr.Port()))
}

// source is the source address of a check of the loop; the zero Addr leaves it to the kernel.
func (c *check) source() (netip.Addr, probe.Result) {
	if c.Path.Mark == 0 || c.plan.bind.IsValid() {
		return c.plan.bind, succeeded
	}
	return probe.PathSource(c.Check)
}

// unmapped is the address as sockets have it: of IPv4 where it is one.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
