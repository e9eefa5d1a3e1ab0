package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// checkInstances judges names of instances and groups: facts, statuses and the engine of a director in two clusters know them by these
// alone.
func (l *load) checkInstances(d *draft) {
	instances, groups := map[string]Pos{}, map[string]Pos{}
	for _, c := range d.Clusters {
		for _, i := range c.Instances {
			l.once(instances, "vrrp_instance", i.Def.Name, i.Place.Pos(i.Def.At))
		}
		for _, g := range c.SyncGroups {
			l.once(groups, "vrrp_sync_group", g.Name, c.Place.Pos(g.At))
		}
	}
}

// sources of an instance are known and its directors' own: unicast advertisements have to come from where the others expect them.
func (k *checker) sources() {
	for _, i := range k.cluster.Instances {
		first := map[netip.Addr]string{}
		for _, name := range k.cluster.Directors {
			a, ok := k.source(i.Def, name)
			other, taken := first[a]
			switch {
			case !ok && i.Def.Unicast && k.declared(name):
				k.error(i.Place, i.Def.At, "Missing source", fmt.Sprintf("Unicast advertisements need an %s address of director %q: write source = { %s = \"…\" } with one of each director, or give director %q an endpoint of that family.",
					i.Def.Family, name, name, name))
			case ok && taken:
				k.error(i.Place, i.Def.At, "Source of two directors", fmt.Sprintf("Directors %q and %q both advertise from %s: write source as a map with an address of each.", other, name, a))
			case ok:
				first[a] = name
			}
		}
	}
}

func (k *checker) source(i *VRRPInstance, name string) (netip.Addr, bool) {
	if at, ok := k.find(name); ok {
		return i.SourceOf(k.draft.Directors[at].Def)
	}
	return i.Source.For(name)
}

// declared says whether a director is known whole: of one whose block has mistakes nothing is missing.
func (k *checker) declared(name string) bool {
	_, ok := k.find(name)
	return ok
}

func (k *checker) find(name string) (int, bool) {
	return slices.BinarySearchFunc(k.draft.Directors, name, func(d Placed[Director], name string) int { return strings.Compare(d.Def.Name, name) })
}
