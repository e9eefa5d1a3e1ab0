package policies

import (
	"fmt"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// foreignSyncMaster refuses a syncid with which somebody is heard who is no director of the cluster: backups take every message with their
// id, whoever sent it. Anyone can send such a message, so only a commit that brings the id is refused for it.
type foreignSyncMaster struct{}

func (foreignSyncMaster) Name() string      { return "foreign-sync-master" }
func (foreignSyncMaster) Level() spec.Level { return spec.Overridable }
func (foreignSyncMaster) Meaning() string {
	return "Nobody from outside the cluster is heard with its syncid on its group and port: backups would take connections of another load balancer for theirs."
}

func (foreignSyncMaster) Lacks(in *Input) string {
	for _, f := range in.Facts {
		if f.Strangers != nil {
			return ""
		}
	}
	return in.lacking("no facts of who sends connection sync")
}

func (foreignSyncMaster) Check(in *Input) []Finding {
	var out []Finding
	held, known := in.held(), in.directorsByAddress()
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		if c.Sync == nil {
			continue
		}
		said := map[netip.Addr]bool{} // one director is enough
		for _, name := range c.Directors {
			d, ok := c.Sync.Daemon(name)
			if !ok {
				continue
			}
			for _, s := range in.Facts[name].Strangers {
				other := known[s.Addr]
				if !takes(d, s) || takes(held[name].daemon, s) || said[s.Addr] || c.Has(other) || leavesID(in.Fleet, other, s) {
					continue
				}
				said[s.Addr] = true
				out = append(out, found(c.Place.Pos(c.Sync.At), fmt.Sprintf("syncid %d is taken by %s", d.SyncID, s.Addr), "%s", heardSync(in.Fleet, c, name, other, s)))
			}
		}
	}
	return out
}

// takes says whether a daemon accepts what a speaker sends.
func takes(d spec.Daemon, s spec.SyncSpeaker) bool {
	return s.Interface == d.Interface && s.Group == d.Group && s.Port == d.Port && s.SyncID == d.SyncID
}

// leavesID says whether the speaker is a director of the fleet that this very fleet gives another syncid, group or port: it was heard with
// what it had before.
func leavesID(f *spec.Fleet, director string, s spec.SyncSpeaker) bool {
	if director == "" {
		return false
	}
	c := syncCluster(f, director)
	if c == nil {
		return true
	}
	d, ok := c.Sync.Daemon(director)
	return !ok || d.SyncID != s.SyncID || d.Group != s.Group || d.Port != s.Port
}

// syncCluster is the cluster in which a director synchronises connections: there is one at most. Nil: none.
func syncCluster(f *spec.Fleet, director string) *spec.Cluster {
	for i := range f.Clusters {
		if c := &f.Clusters[i]; c.Sync != nil && c.Has(director) {
			return c
		}
	}
	return nil
}

func heardSync(f *spec.Fleet, c *spec.Cluster, here, other string, s spec.SyncSpeaker) string {
	who := fmt.Sprintf("%s, which is no director of cluster %q", s.Addr, c.Name)
	remedy := fmt.Sprintf("Give cluster %q a free syncid, or another group or port; or find out what %s is, and stop it.", c.Name, s.Addr)
	if other != "" {
		who = fmt.Sprintf("%s, which is %s of cluster %q: the two are on one segment, whatever the fleet says of their ports", s.Addr, other, syncCluster(f, other).Name)
		remedy = fmt.Sprintf("Give one of the two clusters a free syncid, or another group or port, and correct the segments of %s and %s.", here, other)
	}
	return fmt.Sprintf("%s hears sync messages with it on %s, to %s port %d, from %s. Its backup daemon takes all that has its syncid: its table would fill with the connections of somebody else, "+
		"which may take the place of its own. %s", here, s.Interface, s.Group, s.Port, who, remedy)
}
