package spec

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// checkPath judges a check along the real path as one of a real server. It is false when something is wrong.
func (s *serverDraft) checkPath(d *schema.Decoder, p placedCheck, r *RealServer) bool {
	if !slices.Contains(settingKinds["real_path"], p.Kind) {
		return true // which is said already
	}
	wrong := func(summary, detail string) bool {
		d.Error(p.in.At("real_path"), summary, detail)
		return false
	}
	mixed := s.FWMark == 0 && FamilyOf(r.Addr.Addr()) != s.family()
	switch {
	case s.FWMark != 0:
		return wrong("real_path without an address", "A service by firewall mark has no address that a check could go to: remove real_path.")
	case r.Dest.Forward == NAT:
		return wrong("real_path with nat", fmt.Sprintf(`real_server %q has forwarding = "nat": it is reached at its own address by clients too, so remove real_path.`, r.Addr.Addr()))
	case slices.Contains(s.Ports, 0) && len(p.Setting("port")) == 0:
		d.Error(p.in.Header, "Check without a port", fmt.Sprintf("The service has every port, so health_check %q does not know where to go: write port here.", p.Kind))
		return false
	case mixed && len(p.Setting("bind")) == 0:
		return wrong("real_path between families", fmt.Sprintf("real_server %q is of another family than its %s service, so the way to it has no source address for the check: write bind with an %s address of the director, or remove real_path.", r.Addr.Addr(), s.family(), s.family()))
	case len(p.Setting("bind")) > 0 && len(s.Addresses) > 0:
		return p.checkBind(d, p.in, s.Addresses[0])
	}
	return true
}

// markOf is what a firewall mark of a private service leads to, and where it is declared.
type markOf struct {
	path    Path
	cluster *Cluster
	pos     Pos
	server  string // virtual_server
}

// checkPaths finds two paths with one mark on one director: the probes of one would go to the real server of the other.
func (l *load) checkPaths(d *draft) {
	if l.pathsAlike(d) {
		return
	}
	seen := map[ServiceKey][]markOf{}
	for i := range d.Clusters {
		c := &d.Clusters[i]
		for n := range c.VirtualServers {
			v := &c.VirtualServers[n]
			for p := range v.Def.EachPath() {
				is := markOf{p, c, v.Place.Pos(v.Def.At), v.Def.Name}
				for _, o := range seen[p.Key] {
					if l.samePath(o, is) {
						break
					}
				}
				seen[p.Key] = append(seen[p.Key], is)
			}
		}
	}
}

// samePath refuses the second of two paths that a director would have under one mark.
func (l *load) samePath(a, b markOf) bool {
	if a.path == b.path || !slices.ContainsFunc(a.cluster.Directors, b.cluster.Has) {
		return false // the service itself is declared twice; or no director has both
	}
	l.report.at(b.pos, "Two real paths with one mark", fmt.Sprintf("The checks of %s and of %s (virtual_server %q in %s) have the same firewall mark, %d, which is made of their names: rename virtual_server %q or %q, or leave real_path out of one of the two.",
		b.path.Of, a.path.Of, a.server, a.pos, a.path.Key.FWMark, b.server, a.server))
	return true
}

// checkBackupOnly: what a kernel does not direct goes past the private services, to whoever has the virtual address.
func (m *member) checkBackupOnly(c *Cluster) {
	const key = ipvsSysctl + "backup_only"
	if v, ok := m.sysctls[key]; !ok || v == "0" {
		return
	}
	for _, s := range c.VirtualServers {
		if s.Def.Paths > 0 {
			m.report.at(s.Place.Pos(s.Def.At), "real_path with backup_only", fmt.Sprintf("Director %q has %s in %s: while it is a backup its kernel directs nothing, and the checks of virtual_server %q would ask another director: remove real_path there, or the sysctl.", m.director.Def.Name, key, m.said[key], s.Def.Name))
			return
		}
	}
}
