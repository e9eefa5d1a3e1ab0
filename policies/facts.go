package policies

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// A rule that looks at facts refuses only what a commit brings: what a director holds already is a trouble of its host, for status to
// say, and no reason to refuse a commit that has nothing to do with it.

// noPorts is what a rule lacks that looks at the interfaces of hosts.
func (in *Input) noPorts() string {
	for _, f := range in.Facts {
		if f.Ports != nil {
			return ""
		}
	}
	return in.lacking("no facts of a director's ports")
}

// holding is what a director with facts accepted last.
type holding struct {
	director  *spec.Director // nil: not known
	daemon    spec.Daemon    // of its connection sync; zero: none
	instances map[string]*spec.VRRPInstance
}

// held is what each director with facts accepted last, as far as that is known.
func (in *Input) held() map[string]holding {
	out := map[string]holding{}
	for i := range in.Priors {
		v := &in.Priors[i]
		name := v.Director.Def.Name
		if _, ok := in.Facts[name]; ok {
			out[name] = holdingOf(v, name)
		}
	}
	return out
}

func holdingOf(v *spec.View, name string) holding {
	h := holding{director: v.Director.Def, instances: map[string]*spec.VRRPInstance{}}
	for _, c := range v.Clusters {
		if c.Sync != nil {
			h.daemon, _ = c.Sync.Daemon(name)
		}
		for _, i := range c.Instances {
			h.instances[i.Def.Name] = i.Def
		}
	}
	return h
}

// unusable says why a host's interface cannot be used for a family, as far as its facts say; "" when it can.
func unusable(f spec.HostFacts, port string, family spec.Family) string {
	p, ok := f.Ports[port]
	switch {
	case !ok:
		return fmt.Sprintf("has no interface %s (it has: %s)", port, portNames(f))
	case !p.Up:
		return fmt.Sprintf("has the interface %s set down", port)
	case !p.HasFamily(family):
		return fmt.Sprintf("has no %s address on %s", family, port)
	}
	return ""
}

const shownPorts = 8

func portNames(f spec.HostFacts) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(f.Ports)), func(n string) bool { return n == "lo" })
	more := ""
	if n := len(names) - shownPorts; n > 0 {
		names, more = names[:shownPorts], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + more
}

// directorsByAddress are the directors of the fleet by the addresses they are known to have: those of their endpoints, and in CI those of
// their ports.
func (in *Input) directorsByAddress() map[netip.Addr]string {
	out := map[netip.Addr]string{}
	for _, d := range in.Fleet.Directors {
		if a := d.Def.Endpoint.Addr(); a.IsValid() {
			out[a] = d.Def.Name
		}
		for _, p := range in.Facts[d.Def.Name].Ports {
			for _, x := range p.Prefixes {
				if a := x.Addr(); !a.IsLoopback() && !a.IsLinkLocalUnicast() {
					out[a] = d.Def.Name
				}
			}
		}
	}
	return out
}
