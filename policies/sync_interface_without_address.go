package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// syncInterfaceWithoutAddress refuses connection sync over an interface that it cannot work on: the kernel starts a daemon on one without
// an address, which then sends and hears nothing (net/netfilter/ipvs/ip_vs_sync.c, bind_mcastif_addr).
type syncInterfaceWithoutAddress struct{}

func (syncInterfaceWithoutAddress) Name() string      { return "sync-interface-without-address" }
func (syncInterfaceWithoutAddress) Level() spec.Level { return spec.Overridable }
func (syncInterfaceWithoutAddress) Meaning() string {
	return "The interface of connection_sync exists on each director, is up, and has an address of the group's family: nothing would be sent or heard there."
}
func (syncInterfaceWithoutAddress) Lacks(in *Input) string { return in.noPorts() }

func (syncInterfaceWithoutAddress) Check(in *Input) []Finding {
	var out []Finding
	held := in.held()
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		if c.Sync == nil {
			continue
		}
		for _, name := range c.Directors {
			facts := in.Facts[name]
			d, ok := c.Sync.Daemon(name)
			was := held[name].daemon
			if !ok || facts.Ports == nil || was.Interface == d.Interface && spec.FamilyOf(was.Group) == spec.FamilyOf(d.Group) {
				continue
			}
			if why := unusable(facts, d.Interface, spec.FamilyOf(d.Group)); why != "" {
				out = append(out, found(c.Place.Pos(c.Sync.Interface.At), fmt.Sprintf("%s cannot synchronise connections over %s", name, d.Interface),
					"%s %s. Its sync daemons would not start: it would know no connection of the other directors, and end them all when it takes over. "+
						"Write the interface that it shares with them (interface = { %s = \"…\", … }), or put this right on %s first: group %s needs an interface that is up and has an %s address.",
					name, why, name, name, d.Group, spec.FamilyOf(d.Group)))
			}
		}
	}
	return out
}
