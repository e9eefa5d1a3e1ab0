package spec

import (
	"fmt"
	"time"
)

// MaxFleetServices is how many IPVS services a fleet may have.
const MaxFleetServices = 1 << 17

// checkServices finds IPVS services that two virtual servers declare, in one cluster or in two.
func (l *load) checkServices(d *draft) {
	if l.allAlike(d) {
		return
	}
	n := 0
	for _, c := range d.Clusters {
		for _, v := range c.VirtualServers {
			n += v.Def.Services() + v.Def.Paths
		}
	}
	if n > MaxFleetServices {
		l.report.error(nowhere(l.files[0].name), "Too many services", fmt.Sprintf("The fleet has %d IPVS services, those of real path checks among them, and at most %d are possible: use firewall marks for ranges.", n, MaxFleetServices))
		return
	}
	seen := make(map[ServiceKey]*Placed[VirtualServer], n)
	for _, c := range d.Clusters {
		for i := range c.VirtualServers {
			v := &c.VirtualServers[i]
			for key := range v.Def.EachKey() {
				if first, dup := seen[key]; dup {
					l.report.at(v.Place.Pos(v.Def.At), "Service declared twice",
						fmt.Sprintf("%s belongs to virtual_server %q in %s already: remove it from one of the two.", key, first.Def.Name, first.Place.Pos(first.Def.At)))
					break
				}
				seen[key] = v
			}
		}
	}
}

// Services is how many IPVS services the block stands for.
func (v *VirtualServer) Services() int {
	if v.FWMark != 0 {
		return 1
	}
	return len(v.Addresses) * len(v.Ports)
}

// family is that of the services.
func (v *VirtualServer) family() Family {
	if v.FWMark != 0 || len(v.Addresses) == 0 {
		return v.Family
	}
	return FamilyOf(v.Addresses[0])
}

// checkMembers judges directors that are in several clusters: the kernel has one pair of sync daemons and one set of timeouts
// for all of them.
func (l *load) checkMembers(d *draft) {
	of := map[string][]*Cluster{}
	for i := range d.Clusters {
		for _, name := range d.Clusters[i].Directors {
			of[name] = append(of[name], &d.Clusters[i])
		}
	}
	for _, dir := range d.Directors {
		m := member{load: l, director: dir, timeouts: map[TimeoutKey]time.Duration{}, sysctls: map[SysctlKey]Setting{}, said: map[string]Pos{}}
		for _, s := range dir.Def.Sysctls {
			m.sysctls[s.Key], m.said[string(s.Key)] = s.Value, dir.Place.Pos(s.At)
		}
		for _, c := range of[dir.Def.Name] {
			m.join(c)
		}
	}
}

// member is a director with what its clusters say about its kernel.
type member struct {
	*load
	director Placed[Director]
	sync     *Cluster
	timeouts map[TimeoutKey]time.Duration
	sysctls  map[SysctlKey]Setting
	said     map[string]Pos
}

func (m *member) join(c *Cluster) {
	name := m.director.Def.Name
	for _, t := range c.Timeouts {
		if v, ok := m.timeouts[t.Key]; ok && v != t.Value {
			m.report.at(c.Place.Pos(t.At), "Contradicting timeouts", fmt.Sprintf("Director %q is told another timeout %s in %s, and its kernel has one for all clusters: write the same in both.", name, t.Key, m.said[string(t.Key)]))
			continue
		}
		m.timeouts[t.Key], m.said[string(t.Key)] = t.Value, c.Place.Pos(t.At)
	}
	m.checkBackupOnly(c)
	if c.Sync == nil {
		return
	}
	if m.sync != nil {
		m.report.at(c.Place.Pos(c.Sync.At), "Second connection_sync", fmt.Sprintf("Director %q is in cluster %q too, which has a connection_sync, and a kernel has one pair of sync daemons: keep one of the two blocks.", name, m.sync.Name))
		return
	}
	m.sync = c
	for _, s := range c.Sync.Sysctls {
		if v, ok := m.sysctls[s.Key]; ok && v != s.Value && !s.Usual {
			m.report.at(c.Place.Pos(s.At), "Contradicting sysctl", fmt.Sprintf("Director %q is told another value of %s in %s: write it in one place.", name, s.Key, m.said[string(s.Key)]))
		}
	}
}
