package spec

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"net/netip"
)

// PathMarks is the first firewall mark of the private services of real path checks: those from here on are lbsync's own, and no
// virtual_server has one of them.
const PathMarks = 1 << 31

// AcceptLocal lets packets in whose source is an address of this host (net/ipv4/fib_frontend.c, fib_validate_source): the answer to a
// real path check comes from the virtual address, which a master has itself.
const AcceptLocal SysctlKey = "net.ipv4.conf.all.accept_local"

// Path is the way of the real path checks of one real server in one service: a private firewall-mark service that has this real server
// alone. What is sent with its mark to the virtual address is forwarded as a client's packets are.
type Path struct {
	Key ServiceKey `json:"service"`     // of the private service
	Of  DestKey    `json:"real_server"` // in the service that is declared
}

// Private says whether a service is one of real path checks.
func (k ServiceKey) Private() bool { return k.FWMark >= PathMarks }

// OfPath says whether an object is a private service, or the real server of one.
func OfPath(k Key) bool {
	switch k := k.(type) {
	case ServiceKey:
		return k.Private()
	case DestKey:
		return k.Service.Private()
	}
	return false
}

// CheckPath is the way of a check; the zero value is the usual one, straight to its address.
type CheckPath struct {
	Mark       uint32     `json:"mark"` // of the private service
	RealServer netip.Addr `json:"real_server"`
}

// Service is the private service that leads a check to its real server.
func (c Check) Service() ServiceKey { return MarkService(c.Path.Mark, FamilyOf(c.Addr.Addr())) }

// Probed is what a check is about: the address that it is sent to or, along the real path, the real server.
func (c Check) Probed() netip.Addr {
	if c.Path.Mark != 0 {
		return c.Path.RealServer
	}
	return c.Addr.Addr()
}

// Target is what is connected to, for people: "203.0.113.1:80 through 192.0.2.21".
func (c Check) Target() string {
	return c.Addr.String() + c.Path.through()
}

func (p CheckPath) through() string {
	if p.Mark == 0 {
		return ""
	}
	return " through " + p.RealServer.String()
}

// realPath says whether the check goes along the real path.
func (h *HealthCheck) realPath() bool {
	for _, s := range h.Settings {
		if s.Name == "real_path" {
			return s.Value == "true"
		}
	}
	return false
}

// pathMark is the mark of a path: PathMarks and 31 bits of SHA-256 over the names of virtual server, service and real server. It is the
// same on every director and in every version, and for that no two are told apart but by their names: those that are the same are
// refused when the fleet is loaded.
func (v *VirtualServer) pathMark(k ServiceKey, real netip.Addr) uint32 {
	b := append(append(make([]byte, 0, 128), v.Name...), 0)
	sum := sha256.Sum256(real.AppendTo(append(k.AppendText(b), 0)))
	return PathMarks | binary.BigEndian.Uint32(sum[:])
}

// checksOf are those of a real server: its own, or else those of its virtual server.
func (v *VirtualServer) checksOf(r *RealServer) []HealthCheck {
	if len(r.HealthChecks) > 0 {
		return r.HealthChecks
	}
	return v.HealthChecks
}

// pathed says whether a real server has a check along the real path.
func (v *VirtualServer) pathed(r *RealServer) bool {
	declared := v.checksOf(r)
	for i := range declared {
		if declared[i].realPath() {
			return true
		}
	}
	return false
}

// countPaths sets Paths.
func (v *VirtualServer) countPaths() {
	v.Paths = 0
	for i := range v.RealServers {
		if v.pathed(&v.RealServers[i]) {
			v.Paths += v.Services()
		}
	}
}

// EachPath are the paths of the block, in no order of their keys, each with its real server.
func (v *VirtualServer) EachPath() iter.Seq2[Path, *RealServer] {
	return func(yield func(Path, *RealServer) bool) {
		if v.Paths == 0 {
			return
		}
		for i := range v.RealServers {
			r := &v.RealServers[i]
			if !v.pathed(r) {
				continue
			}
			for k := range v.EachKey() {
				if !yield(Path{MarkService(v.pathMark(k, r.Addr.Addr()), k.Family), r.Key(k)}, r) {
					return
				}
			}
		}
	}
}

// Paths are those of all real path checks, by key.
func (v View) Paths() []Path {
	var out []Path
	for i := range v.Clusters {
		for _, s := range v.Clusters[i].VirtualServers {
			for p := range s.Def.EachPath() {
				out = append(out, p)
			}
		}
	}
	return out
}
