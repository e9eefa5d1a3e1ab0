package policies

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// vrrpInterfaceWithoutAddress refuses an instance that would be in fault from its first moment: VRRP needs an interface that is up and an
// address of the host's own to advertise from.
type vrrpInterfaceWithoutAddress struct{}

func (vrrpInterfaceWithoutAddress) Name() string      { return "vrrp-interface-without-address" }
func (vrrpInterfaceWithoutAddress) Level() spec.Level { return spec.Overridable }
func (vrrpInterfaceWithoutAddress) Meaning() string {
	return "The interface of a vrrp_instance exists on each director, is up, and has an address to advertise from; a source is an address of the host."
}
func (vrrpInterfaceWithoutAddress) Lacks(in *Input) string { return in.noPorts() }

func (vrrpInterfaceWithoutAddress) Check(in *Input) []Finding {
	var out []Finding
	held := in.held()
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, name := range c.Directors {
			facts := in.Facts[name]
			d := directorNamed(in.Fleet, name)
			if facts.Ports == nil || d == nil {
				continue
			}
			for _, inst := range c.Instances {
				port, source := groundOf(inst.Def, d)
				if held[name].stands(inst.Def, port, source) {
					continue
				}
				if why := groundless(facts, inst.Def, port, source); why != "" {
					out = append(out, found(inst.Place.Pos(inst.Def.At), fmt.Sprintf("vrrp_instance %q would be in fault on %s", inst.Def.Name, name),
						"%s %s. It could never become master there: when the others fail, nobody holds the addresses. %s", name, why, groundRemedy(name, source)))
				}
			}
		}
	}
	return out
}

// groundOf is where an instance advertises on a director, and from which address if that is a certain one.
func groundOf(i *spec.VRRPInstance, d *spec.Director) (port string, source netip.Addr) {
	port, _ = i.Interface.For(d.Name)
	if a, ok := i.SourceOf(d); ok {
		source = a
	}
	return port, source
}

// stands says whether the director advertises the instance from there already.
func (h holding) stands(i *spec.VRRPInstance, port string, source netip.Addr) bool {
	was := h.instances[i.Name]
	if was == nil || was.Family != i.Family {
		return false
	}
	p, s := groundOf(was, h.director)
	return p == port && s == source
}

func groundless(f spec.HostFacts, i *spec.VRRPInstance, port string, source netip.Addr) string {
	p, ok := f.Ports[port]
	switch {
	case ok && p.Up && source.IsValid() && !f.Has(source):
		return fmt.Sprintf("has no address %s, from which the instance is to advertise", source)
	case ok && p.Up && source.IsValid():
		return ""
	case ok && p.Up && i.Family == spec.IPv6 && !hasLinkLocal(p):
		return fmt.Sprintf("has no link-local address on %s, and IPv6 advertises from that (RFC 9568, section 5.1.2.1)", port)
	}
	return unusable(f, port, i.Family)
}

func hasLinkLocal(p spec.PortFact) bool {
	for _, x := range p.Prefixes {
		if x.Addr().Is6() && x.Addr().IsLinkLocalUnicast() {
			return true
		}
	}
	return false
}

func groundRemedy(name string, source netip.Addr) string {
	if source.IsValid() {
		return fmt.Sprintf("Write source = { %s = \"…\", … } with an address of its own, correct its endpoint or interface, or put this right on %s first.", name, name)
	}
	return fmt.Sprintf("Write its interface (interface = { %s = \"…\", … }), or put this right on %s first.", name, name)
}
