package spec

import "net/netip"

// RealServer is the declaration of a real server in the view, and where it stands; false when there is none. Where it is declared
// twice, it is the first.
func (v View) RealServer(k DestKey) (*RealServer, Pos, bool) {
	s, r := v.declaring(k)
	if r == nil {
		return nil, Pos{}, false
	}
	return r, s.Place.Pos(r.At), true
}

// SharedBy is how many services share the declaration of a real server, its own among them; 0 when there is none.
func (v View) SharedBy(k DestKey) int {
	s, r := v.declaring(k)
	if r == nil {
		return 0
	}
	return s.Def.Services()
}

func (v View) declaring(k DestKey) (Placed[VirtualServer], *RealServer) {
	for i := range v.Clusters {
		for _, s := range v.Clusters[i].VirtualServers {
			if !s.Def.serves(k.Service) {
				continue
			}
			for n := range s.Def.RealServers {
				if r := &s.Def.RealServers[n]; r.Key(k.Service) == k {
					return s, r
				}
			}
		}
	}
	return Placed[VirtualServer]{}, nil
}

// RealServersAt are the keys of all real servers with an address, one for each service that has it.
func (v View) RealServersAt(addr netip.AddrPort) []DestKey {
	var out []DestKey
	for i := range v.Clusters {
		for _, s := range v.Clusters[i].VirtualServers {
			for k := range s.Def.EachKey() {
				for n := range s.Def.RealServers {
					if d := s.Def.RealServers[n].Key(k); d.Addr == addr {
						out = append(out, d)
					}
				}
			}
		}
	}
	return out
}

func (v *VirtualServer) serves(k ServiceKey) bool {
	for own := range v.EachKey() {
		if own == k {
			return true
		}
	}
	return false
}
