package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// checker judges one cluster.
type checker struct {
	*load
	draft   *draft
	cluster *Cluster
	twin    *Cluster // see load.twin
}

func (k *checker) error(p Place, m Mark, summary, detail string) {
	k.report.at(p.Pos(m), summary, detail)
}

func (k *checker) check() {
	k.directors()
	k.names()
	k.perDirector()
	k.sources()
	if !k.draft.partial[k.cluster.Name] {
		k.instances()
	}
	if k.cluster.Sync != nil {
		k.families()
	}
}

// directors are declared.
func (k *checker) directors() {
	if k.draft.noBody {
		return
	}
	for _, name := range k.cluster.Directors {
		if _, ok := slices.BinarySearch(k.draft.known, name); !ok {
			k.error(k.cluster.Place, k.cluster.DirectorsAt, "Unknown director", fmt.Sprintf("There is no director %q.%s", name, k.hint(name, k.draft.known, "director")))
		}
	}
}

func (k *checker) hint(name string, known []string, what string) string {
	if len(known) == 0 || k.report.full() {
		return fmt.Sprintf(" Declare it: %s %q { … }.", what, name)
	}
	return schema.DidYouMean(name, known)
}

// names occur once.
func (k *checker) names() {
	if k.twin != nil && alike(k.twin, k.cluster) {
		return
	}
	seen := make(map[string]Pos, len(k.cluster.VirtualServers))
	for _, v := range k.cluster.VirtualServers {
		k.once(seen, "virtual_server", v.Def.Name, v.Place.Pos(v.Def.At))
	}
}

// perDirector attributes that are maps name every director of the cluster, and no other.
func (k *checker) perDirector() {
	if s := k.cluster.Sync; s != nil {
		perDirectorNames(k, k.cluster.Place, "syncid", s.SyncID)
		perDirectorNames(k, k.cluster.Place, "interface", s.Interface)
	}
	for _, i := range k.cluster.Instances {
		perDirectorNames(k, i.Place, "interface", i.Def.Interface)
		perDirectorNames(k, i.Place, "priority", i.Def.Priority)
		perDirectorNames(k, i.Place, "source", i.Def.Source)
		for _, a := range i.Def.Addresses {
			perDirectorNames(k, i.Place, "device", a.Device)
		}
		for _, r := range i.Def.Routes {
			perDirectorNames(k, i.Place, "device", r.Device)
		}
	}
}

func perDirectorNames[T any](k *checker, place Place, attr string, p PerDirector[T]) {
	if p.By == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.By)) {
		if !k.cluster.Has(name) {
			k.error(place, p.At, "Unknown director", fmt.Sprintf("%s has an entry for %q, which is no director of this cluster.%s", attr, name, k.hint(name, k.cluster.Directors, "director")))
		}
	}
	for _, name := range k.cluster.Directors {
		if _, ok := p.By[name]; !ok {
			k.error(place, p.At, "Missing director", fmt.Sprintf("%s has no entry for %q: a map by director names every director of the cluster.", attr, name))
		}
	}
}

// instances that others refer to exist.
func (k *checker) instances() {
	var known []string
	for _, i := range k.cluster.Instances {
		known = append(known, i.Def.Name)
	}
	if s := k.cluster.Sync; s != nil && s.Follow != "" && !slices.Contains(known, s.Follow) {
		k.error(k.cluster.Place, s.At, "Unknown vrrp_instance", fmt.Sprintf("There is no vrrp_instance %q in this cluster to follow.%s", s.Follow, k.hint(s.Follow, known, "vrrp_instance")))
	}
	member := map[string]string{}
	for _, g := range k.cluster.SyncGroups {
		for _, name := range g.Instances {
			switch {
			case !slices.Contains(known, name):
				k.error(k.cluster.Place, g.At, "Unknown vrrp_instance", fmt.Sprintf("There is no vrrp_instance %q in this cluster.%s", name, k.hint(name, known, "vrrp_instance")))
			case member[name] != "":
				k.error(k.cluster.Place, g.At, "Instance in two groups", fmt.Sprintf("vrrp_instance %q is in group %q already: an instance can move with one group only, so remove it from one.", name, member[name]))
			}
			member[name] = g.Name
		}
	}
}

// families of a service and its real servers are the same where connections are synchronised: the kernel's sync protocol knows
// one family for a connection, and refuses such real servers while a daemon runs (ip_vs_ctl.c, ip_vs_genl_set_cmd).
func (k *checker) families() {
	for i, v := range k.cluster.VirtualServers {
		if k.twin != nil && k.twin.Sync != nil && k.twin.VirtualServers[i].Def == v.Def {
			continue
		}
		family := v.Def.family()
		for i := range v.Def.RealServers {
			r := &v.Def.RealServers[i]
			if FamilyOf(r.Addr.Addr()) != family {
				k.error(v.Place, r.At, "Mixed address families", strings.TrimSpace(fmt.Sprintf("The kernel refuses a real server of another address family than its %s service while connections are synchronised: move the virtual_server to a cluster without connection_sync.", family)))
			}
		}
	}
}
