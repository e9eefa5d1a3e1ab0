package policies

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// duplicateSyncID finds clusters whose sync messages meet: a backup daemon takes every message with its id, whoever sent it, and
// would fill its table with another cluster's connections.
type duplicateSyncID struct{}

func (duplicateSyncID) Name() string      { return "duplicate-syncid" }
func (duplicateSyncID) Level() spec.Level { return spec.Deny }
func (duplicateSyncID) Meaning() string {
	return "Two clusters whose connection sync shares a segment, group and port must not share a syncid."
}

// syncDomain is where messages meet.
type syncDomain struct {
	segment string
	group   netip.Addr
	port    uint16
	id      uint8
}

func (duplicateSyncID) Check(in *Input) []Finding {
	var out []Finding
	first := map[syncDomain]*spec.Cluster{}
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, dom := range syncDomains(in.Fleet, c) {
			other := first[dom]
			if other == nil {
				first[dom] = c
			} else if other != c {
				out = append(out, duplicateSync(dom, c, other))
				break
			}
		}
	}
	return out
}

// syncDomains are the domains in which a cluster's directors send, each once, in the order of its directors.
func syncDomains(f *spec.Fleet, c *spec.Cluster) []syncDomain {
	if c.Sync == nil {
		return nil
	}
	var out []syncDomain
	seen := map[syncDomain]bool{}
	for _, name := range c.Directors {
		d, ok := c.Sync.Daemon(name)
		if !ok {
			continue
		}
		dom := syncDomain{segmentOf(f, name, d.Interface), d.Group, d.Port, d.SyncID}
		if !seen[dom] {
			seen[dom] = true
			out = append(out, dom)
		}
	}
	return out
}

func segmentOf(f *spec.Fleet, director, port string) string {
	if d := directorNamed(f, director); d != nil {
		return d.Segment(port)
	}
	return ""
}

// directorNamed is nil where the fleet declares no such director.
func directorNamed(f *spec.Fleet, name string) *spec.Director {
	i, ok := slices.BinarySearchFunc(f.Directors, name, func(d spec.Placed[spec.Director], name string) int { return strings.Compare(d.Def.Name, name) })
	if !ok {
		return nil
	}
	return f.Directors[i].Def
}

func duplicateSync(dom syncDomain, c, other *spec.Cluster) Finding {
	where := "the segment that all ports share unless the fleet names others"
	if dom.segment != "" {
		where = fmt.Sprintf("segment %q", dom.segment)
	}
	return found(c.Place.Pos(c.Sync.At), fmt.Sprintf("syncid %d is taken", dom.id), fmt.Sprintf(
		"Cluster %q already sends with syncid %d to %s port %d on %s (%s). Backups of either cluster would accept the other's connections. "+
			"Give cluster %q a free syncid, or another group or port; if the ports are on separate segments, say so: "+
			"interface %q { segment = … } in the director block.",
		other.Name, dom.id, dom.group, dom.port, where, other.Place.Pos(other.Sync.At), c.Name, "PORT"))
}
