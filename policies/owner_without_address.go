package policies

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// priorityOwner is the priority of the router that owns the addresses (RFC 9568, section 5.2.4).
const priorityOwner = 255

// ownerWithoutAddress refuses an owner that owns nothing. The priority is no mere "highest": an owner is master at its first moment, whoever
// is, and before it knows a connection.
type ownerWithoutAddress struct{}

func (ownerWithoutAddress) Name() string      { return "owner-without-address" }
func (ownerWithoutAddress) Level() spec.Level { return spec.Overridable }
func (ownerWithoutAddress) Meaning() string {
	return "Priority 255 is for the one director that has the addresses on an interface of its own: it takes over at once, preempts always, and no tracker lowers it."
}

func (ownerWithoutAddress) Check(in *Input) []Finding {
	var out []Finding
	held := in.held()
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, inst := range c.Instances {
			owners := ownersOf(c, inst.Def)
			if len(owners) > 1 {
				out = append(out, found(inst.Place.Pos(inst.Def.Priority.At), fmt.Sprintf("vrrp_instance %q has %d owners", inst.Def.Name, len(owners)),
					"Priority 255 says that a router owns the addresses, and %s cannot both do so: neither waits for the other, and until one has heard the other both hold them. "+
						"Write 254 and less: priority = { %s = 254, %s = 253, … }.", strings.Join(owners, " and "), owners[0], owners[1]))
				continue
			}
			for _, name := range owners {
				facts := in.Facts[name]
				if was := held[name].instances[inst.Def.Name]; facts.Ports == nil || was != nil && owns(was, name) {
					continue
				}
				if a := notOwned(inst.Def, facts); a != "" {
					out = append(out, found(inst.Place.Pos(inst.Def.Priority.At), fmt.Sprintf("%s does not own %s", name, a),
						"Priority 255 says that it has the addresses of vrrp_instance %q itself, and it has no %s on any interface. It would take over from a working master at its first moment, before it knows one of its connections, "+
							"and all of them would end. Write 254 or less for it, or give the host the address.", inst.Def.Name, a))
				}
			}
		}
	}
	return out
}

// ownersOf are the directors with the priority of an owner.
func ownersOf(c *spec.Cluster, i *spec.VRRPInstance) []string {
	var out []string
	for _, name := range c.Directors {
		if owns(i, name) {
			out = append(out, name)
		}
	}
	return out
}

func owns(i *spec.VRRPInstance, director string) bool {
	p, ok := i.Priority.For(director)
	return ok && p == priorityOwner
}

// notOwned is the first advertised address that a host does not have; "" when it has all.
func notOwned(i *spec.VRRPInstance, f spec.HostFacts) string {
	for _, a := range i.Addresses {
		if addr := a.Prefix.Addr(); !a.Excluded && !f.Has(addr) {
			return addr.String()
		}
	}
	return ""
}
