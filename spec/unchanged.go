package spec

import "slices"

// twin is the cluster that stood in the place of cluster i in the last fleet without a mistake, with as many virtual servers; nil if
// there is none.
func (l *load) twin(d *draft, i int) *Cluster {
	c := &d.Clusters[i]
	if l.fleet == nil || i >= len(l.fleet.Clusters) {
		return nil
	}
	t := &l.fleet.Clusters[i]
	if t.Name != c.Name || len(t.VirtualServers) != len(c.VirtualServers) {
		return nil
	}
	return t
}

// alike says that two clusters have virtual servers of the same names and services, in the same order: what is unique in one is in the
// other.
func alike(a, b *Cluster) bool {
	for i := range a.VirtualServers {
		if x, y := a.VirtualServers[i].Def, b.VirtualServers[i].Def; x != y && !(x.Name == y.Name && sameServices(x, y)) {
			return false
		}
	}
	return true
}

// pathsAlike says that the real path checks, and who runs them, are those of the last fleet without a mistake.
func (l *load) pathsAlike(d *draft) bool {
	if l.fleet == nil || len(d.Clusters) != len(l.fleet.Clusters) {
		return false
	}
	for i := range d.Clusters {
		c, t := &d.Clusters[i], l.twin(d, i)
		if t == nil || !slices.Equal(t.Directors, c.Directors) {
			return false
		}
		for n := range c.VirtualServers {
			if x, y := c.VirtualServers[n].Def, t.VirtualServers[n].Def; x != y && x.Paths+y.Paths > 0 {
				return false
			}
		}
	}
	return true
}

func sameServices(a, b *VirtualServer) bool {
	return a.FWMark == b.FWMark && a.Family == b.Family && a.Protocol == b.Protocol && slices.Equal(a.Addresses, b.Addresses) && slices.Equal(a.Ports, b.Ports)
}

// allAlike says that no virtual server has another name or other services than in the last fleet without a mistake.
func (l *load) allAlike(d *draft) bool {
	if l.fleet == nil || len(d.Clusters) != len(l.fleet.Clusters) {
		return false
	}
	for i := range d.Clusters {
		if t := l.twin(d, i); t == nil || !alike(t, &d.Clusters[i]) {
			return false
		}
	}
	return true
}
