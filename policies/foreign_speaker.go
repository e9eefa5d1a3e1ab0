package policies

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// foreignSpeaker advises where a host from outside the cluster advertises one of its virtual router ids. Advertisements prove nothing of
// who sent them, and the router id was ours before the commit: refusing would let anyone on the segment stop all commits.
type foreignSpeaker struct{}

func (foreignSpeaker) Name() string      { return "foreign-speaker" }
func (foreignSpeaker) Level() spec.Level { return spec.Advise }
func (foreignSpeaker) Meaning() string {
	return "Nobody but the directors of its cluster advertises the virtual router id of a vrrp_instance: each would elect against the other."
}

func (foreignSpeaker) Lacks(in *Input) string {
	for _, f := range in.Facts {
		if f.Speakers != nil {
			return ""
		}
	}
	return in.lacking("no facts of who advertises")
}

func (foreignSpeaker) Check(in *Input) []Finding {
	var out []Finding
	known, heard := in.directorsByAddress(), in.speakers()
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, inst := range c.Instances {
			if f, ok := foreign(c, inst, known, heard); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

// routerAt is a virtual router on a port.
type routerAt struct {
	port   portOf
	family spec.Family
	id     uint8
}

// speakers are those who are heard, by the virtual router they speak for.
func (in *Input) speakers() map[routerAt][]spec.SpeakerFact {
	out := map[routerAt][]spec.SpeakerFact{}
	for name, f := range in.Facts {
		for _, s := range f.Speakers {
			at := routerAt{portOf{name, s.Interface}, spec.FamilyOf(s.Addr), s.RouterID}
			out[at] = append(out[at], s)
		}
	}
	return out
}

// foreign is the first stranger that the first director hears: the others hear the same one.
func foreign(c *spec.Cluster, inst spec.Placed[spec.VRRPInstance], known map[netip.Addr]string, heard map[routerAt][]spec.SpeakerFact) (Finding, bool) {
	def := inst.Def
	for _, name := range c.Directors {
		port, _ := def.Interface.For(name)
		for _, s := range heard[routerAt{portOf{name, port}, def.Family, def.VirtualRouterID}] {
			if other := known[s.Addr]; !c.Has(other) {
				return found(inst.Place.Pos(def.At), fmt.Sprintf("%s advertises virtual router id %d too", s.Addr, def.VirtualRouterID), "%s", heardSpeaker(def, name, other, s)), true
			}
		}
	}
	return Finding{}, false
}

func heardSpeaker(def *spec.VRRPInstance, here, other string, s spec.SpeakerFact) string {
	who := "no director of the cluster"
	if other != "" {
		who = fmt.Sprintf("director %q of the same fleet: the two are on one segment, whatever the fleet says of their ports", other)
	}
	own, _ := def.Priority.For(here)
	outcome := fmt.Sprintf("with %d it stays backup to the %d of %s, and nobody holds its addresses", s.Priority, own, here)
	if s.Priority > own {
		outcome = fmt.Sprintf("%s with %d stays backup to its %d, and nobody holds the addresses of vrrp_instance %q", here, own, s.Priority, def.Name)
	}
	remedy := "Find the host and give one of the two a free id"
	if !def.Unicast {
		remedy += ", or write unicast = true"
	}
	return fmt.Sprintf("%s hears it on %s, and it is %s. Where the two take each other's advertisements, %s; where they refuse them, both go on, one beside the other. "+
		"%s.", here, s.Interface, who, outcome, remedy)
}
