package spec

import (
	"net/netip"
	"slices"
	"time"
)

// recent is for how long a speaker of a multicast instance counts as being there after it was heard last.
const recent = 5 * time.Minute

// Strangers are those heard for an instance who cannot be directors of its cluster. For a unicast instance the engine has told them from
// its peers. A multicast one has members whose addresses need not be known: an endpoint may be on another network. So strangers
// are those of no known address, where there are more of them than members who were not heard from a known one.
func (v View) Strangers(i InstanceStatus, now time.Time) []Speaker {
	def, cluster := v.instance(i.Name)
	if def == nil || def.Unicast {
		return i.Speakers
	}
	unknown := slices.DeleteFunc(slices.Clone(i.Speakers), func(k Speaker) bool { return now.Sub(k.Last) > recent })
	unheard := 0
	for _, o := range v.Others {
		if !cluster.Has(o.Def.Name) {
			continue
		}
		known := def.addressesOf(o.Def)
		before := len(unknown)
		if unknown = slices.DeleteFunc(unknown, func(k Speaker) bool { return slices.Contains(known, k.Addr) }); len(unknown) == before {
			unheard++
		}
	}
	if len(unknown) <= unheard {
		return nil
	}
	return unknown
}

func (v View) instance(name InstanceKey) (*VRRPInstance, *Cluster) {
	for c := range v.Clusters {
		for _, i := range v.Clusters[c].Instances {
			if i.Def.Name == string(name) {
				return i.Def, &v.Clusters[c]
			}
		}
	}
	return nil, nil
}

// addressesOf are those that a director's advertisements may come from, as far as the fleet says.
func (i *VRRPInstance) addressesOf(d *Director) []netip.Addr {
	out := []netip.Addr{d.Endpoint.Addr()}
	if a, ok := i.Source.For(d.Name); ok {
		out = append(out, a)
	}
	return out
}
