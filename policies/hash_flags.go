package policies

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// hashFlags advises on services of one address that send one client two ways. With sh and mh a client meets the same real server on all
// of them, if they have the same real servers and weights: applications come to lean on it, such as a session that begins at port 80 and
// goes on at 443. The port flag of one of them ends it, and with the fallback flag of one a drain moves the client on only one port.
type hashFlags struct{}

func (hashFlags) Name() string      { return "hash-flags" }
func (hashFlags) Level() spec.Level { return spec.Advise }
func (hashFlags) Meaning() string {
	return "Services of one address with the scheduler sh or mh and the same real servers have the same flags: clients then meet the same real server on all of them."
}

func (hashFlags) Check(in *Input) []Finding {
	var out []Finding
	first := map[netip.Addr]spec.Placed[spec.VirtualServer]{}
	for _, c := range in.Fleet.Clusters {
		for _, vs := range c.VirtualServers {
			if vs.Def.Service.Scheduler != "sh" && vs.Def.Service.Scheduler != "mh" {
				continue
			}
			for _, a := range vs.Def.Addresses {
				other, ok := first[a]
				if !ok {
					first[a] = vs
				} else if other.Def != vs.Def && parts(vs.Def, other.Def) {
					out = append(out, partedClients(a, vs, other))
					break
				}
			}
		}
	}
	return out
}

const hashing = spec.SchedFlag1 | spec.SchedFlag2

// parts says whether a client meets the same real server on both, but for the flags.
func parts(a, b *spec.VirtualServer) bool {
	return a.Service.Scheduler == b.Service.Scheduler && (a.Service.Flags^b.Service.Flags)&hashing != 0 &&
		slices.EqualFunc(a.RealServers, b.RealServers, func(x, y spec.RealServer) bool {
			return x.Addr.Addr() == y.Addr.Addr() && x.Dest.Weight == y.Dest.Weight
		})
}

func partedClients(a netip.Addr, vs, other spec.Placed[spec.VirtualServer]) Finding {
	does := "a client whose real server is drained goes on at one of them and is refused at the other"
	if (vs.Def.Service.Flags^other.Def.Service.Flags)&spec.SchedFlag2 != 0 {
		does = "one of them always sends a client to the same real server, and the other each of its connections to any"
	}
	return found(vs.Place.Pos(vs.Def.At), fmt.Sprintf("virtual_server %q and %q part the clients of %s", vs.Def.Name, other.Def.Name, a),
		"Both have scheduler %q and the same real servers, but flags = [%s] here and [%s] in %q (%s): %s. Write the same flags in both.",
		vs.Def.Service.Scheduler, flagsOf(vs.Def), flagsOf(other.Def), other.Def.Name, other.Place.Pos(other.Def.At), does)
}

func flagsOf(vs *spec.VirtualServer) string {
	var out []string
	for _, name := range (vs.Service.Flags & hashing).Names(vs.Service.Scheduler) {
		out = append(out, fmt.Sprintf("%q", name))
	}
	return strings.Join(out, ", ")
}
