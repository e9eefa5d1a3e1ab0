package policies

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// pair is a virtual server as it was accepted and as the commit has it: what they have in common are IPVS services, not names, so that a
// block may be renamed, moved, split or merged.
type pair struct {
	cluster  *spec.Cluster // as accepted
	was, now spec.Placed[spec.VirtualServer]
	services int             // that are in both; where now.Def is nil, that are in no virtual server any more
	key      spec.ServiceKey // of the first of these, where now.Def is nil
	delta    delta           // else
}

// pairs are all virtual servers that were accepted. Directors of one cluster hold the same, so each cluster is looked at once.
func (in *Input) pairs() []pair {
	if in.paired != nil {
		return in.paired
	}
	accepted, servers := in.accepted()
	in.paired = make([]pair, 0, servers)
	m := matcher{fleet: in.Fleet}
	for _, c := range accepted {
		in.paired = m.cluster(in.paired, c)
	}
	for i := range in.paired {
		if p := &in.paired[i]; p.now.Def != nil {
			p.delta = deltaOf(*p)
		}
	}
	return in.paired
}

// accepted are the clusters that were accepted, each once, and how many virtual servers they have.
func (in *Input) accepted() (out []*spec.Cluster, servers int) {
	seen := map[string]bool{}
	for i := range in.Priors {
		for n := range in.Priors[i].Clusters {
			if c := &in.Priors[i].Clusters[n]; !seen[c.Name] {
				seen[c.Name] = true
				out, servers = append(out, c), servers+len(c.VirtualServers)
			}
		}
	}
	return out, servers
}

// matcher finds services in the fleet. Most stand where they stood, so that the index of all is rarely needed.
type matcher struct {
	fleet *spec.Fleet
	index map[spec.ServiceKey]*spec.Placed[spec.VirtualServer]
}

func (m *matcher) cluster(out []pair, c *spec.Cluster) []pair {
	now := clusterNamed(m.fleet, c.Name)
	for i, was := range c.VirtualServers {
		if now != nil && i < len(now.VirtualServers) && sameServices(was.Def, now.VirtualServers[i].Def) {
			out = append(out, pair{cluster: c, was: was, now: now.VirtualServers[i], services: was.Def.Services()})
			continue
		}
		out = m.search(out, c, was)
	}
	return out
}

// search pairs a virtual server with each that has some of its services.
func (m *matcher) search(out []pair, c *spec.Cluster, was spec.Placed[spec.VirtualServer]) []pair {
	if m.index == nil {
		m.index = indexOf(m.fleet)
	}
	from := len(out)
	for k := range was.Def.EachKey() {
		p := pair{cluster: c, was: was, services: 1}
		if now := m.index[k]; now != nil {
			p.now = *now
		} else {
			p.key = k
		}
		if last := len(out) - 1; last >= from && out[last].now.Def == p.now.Def {
			out[last].services++
			continue
		}
		out = append(out, p)
	}
	return out
}

func indexOf(f *spec.Fleet) map[spec.ServiceKey]*spec.Placed[spec.VirtualServer] {
	out := map[spec.ServiceKey]*spec.Placed[spec.VirtualServer]{}
	for i := range f.Clusters {
		for n := range f.Clusters[i].VirtualServers {
			vs := &f.Clusters[i].VirtualServers[n]
			for k := range vs.Def.EachKey() {
				out[k] = vs
			}
		}
	}
	return out
}

// clusterNamed is a cluster of the fleet; nil when there is none of that name.
func clusterNamed(f *spec.Fleet, name string) *spec.Cluster {
	i, ok := slices.BinarySearchFunc(f.Clusters, name, func(c spec.Cluster, name string) int { return strings.Compare(c.Name, name) })
	if !ok {
		return nil
	}
	return &f.Clusters[i]
}

func sameServices(a, b *spec.VirtualServer) bool {
	return a == b || a.FWMark == b.FWMark && a.Family == b.Family && a.Protocol == b.Protocol && slices.Equal(a.Addresses, b.Addresses) && slices.Equal(a.Ports, b.Ports)
}

// realServers are those of both sides by their address: nil on the left is one that is new, nil on the right one that is gone. Most stand
// where they stood.
func (p pair) realServers() iter.Seq2[*spec.RealServer, *spec.RealServer] {
	return func(yield func(was, now *spec.RealServer) bool) {
		was, now := p.was.Def.RealServers, p.now.Def.RealServers
		n := 0
		for ; n < len(was) && n < len(now) && p.sameAddress(&was[n], &now[n]); n++ {
			if !yield(&was[n], &now[n]) {
				return
			}
		}
		if n == len(was) && n == len(now) {
			return
		}
		rest := make(map[netip.AddrPort]*spec.RealServer, len(now)-n)
		for i := n; i < len(now); i++ {
			rest[reached(p.now.Def, &now[i])] = &now[i]
		}
		for i := n; i < len(was); i++ {
			at := reached(p.was.Def, &was[i])
			if !yield(&was[i], rest[at]) {
				return
			}
			delete(rest, at)
		}
		for i := n; i < len(now); i++ {
			if rest[reached(p.now.Def, &now[i])] != nil && !yield(nil, &now[i]) {
				return
			}
		}
	}
}

func (p pair) sameAddress(was, now *spec.RealServer) bool {
	return was == now || reached(p.was.Def, was) == reached(p.now.Def, now)
}

// reached is a real server's address, with port 0 for the port of the service, however it is written.
func reached(vs *spec.VirtualServer, rs *spec.RealServer) netip.AddrPort {
	if len(vs.Ports) == 1 && vs.Ports[0] == rs.Addr.Port() {
		return netip.AddrPortFrom(rs.Addr.Addr(), 0)
	}
	return rs.Addr
}
