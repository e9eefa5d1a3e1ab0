package spec

import "net/netip"

// Director is the block `director "NAME"`: one host that runs lbsync.
type Director struct {
	Name       string
	Endpoint   netip.AddrPort // where peers reach it; zero if not given
	PublicKey  string         // "ed25519:BASE64"; "" if not given
	Labels     map[string]string
	Interfaces []Interface
	Sysctls    []Sysctl // held at these values
	At         Mark
}

// Interface is the block `interface "NAME"` of a director.
type Interface struct {
	Name    string
	Segment string // the layer-2 segment; ports of one segment name share it, and so do all ports that name none
	At      Mark
}

// Sysctl is one entry of a director's `sysctls`.
type Sysctl struct {
	Key   SysctlKey
	Value Setting
	At    Mark
}

// Segment is the layer-2 segment of a port; "" is the one that every port is on unless the fleet says otherwise.
func (d *Director) Segment(port string) string {
	for _, i := range d.Interfaces {
		if i.Name == port {
			return i.Segment
		}
	}
	return ""
}
