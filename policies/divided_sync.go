package policies

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// dividedSync refuses a cluster whose directors do not hear each other's connections: a backup daemon drops messages with another syncid
// without a word, and those of another segment do not reach it. It shows at the next failover, when all connections end.
type dividedSync struct{}

func (dividedSync) Name() string      { return "divided-sync" }
func (dividedSync) Level() spec.Level { return spec.Deny }
func (dividedSync) Meaning() string {
	return "All directors of a cluster synchronise connections with one syncid and on one segment: others are not heard, and nobody says so."
}

func (dividedSync) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		if c.Sync == nil {
			continue
		}
		var ids, segments sides
		for _, name := range c.Directors {
			if d, ok := c.Sync.Daemon(name); ok {
				ids.add(fmt.Sprintf("syncid %d", d.SyncID), name)
				segments.add(segmentName(segmentOf(in.Fleet, name, d.Interface)), name+" with "+d.Interface)
			}
		}
		if len(ids) > 1 {
			out = append(out, found(c.Place.Pos(c.Sync.SyncID.At), fmt.Sprintf("the directors of cluster %q have different syncids", c.Name),
				"%s. A backup daemon drops what has another syncid, without a word: at a failover every connection that came from the others would end. "+
					"Write one number for all of them, as syncid = 11.", ids))
		}
		// Beyond its own segment a message goes where somebody routes the group; a TTL of 1 says that nobody does.
		if len(segments) > 1 && c.Sync.TTL == 1 {
			out = append(out, found(c.Place.Pos(c.Sync.Interface.At), fmt.Sprintf("the directors of cluster %q synchronise on different segments", c.Name),
				"%s. Sync messages are multicast and do not leave their segment with ttl = 1: at a failover every connection that came from the others would end. "+
					"Write interfaces of one segment, correct the names of the segments in the director blocks, or, where routers carry group %s between them, a greater ttl.",
				segments, c.Sync.Group))
		}
	}
	return out
}

// sides are those who have something in common, by what that is.
type sides []side

type side struct {
	what string
	who  []string
}

func (s *sides) add(what, who string) {
	for i := range *s {
		if (*s)[i].what == what {
			(*s)[i].who = append((*s)[i].who, who)
			return
		}
	}
	*s = append(*s, side{what, []string{who}})
}

// String is "syncid 11: lb1, lb2; syncid 12: lb3".
func (s sides) String() string {
	var out []string
	for _, one := range s {
		out = append(out, one.what+": "+strings.Join(one.who, ", "))
	}
	return strings.Join(out, "; ")
}

// segmentName is a segment in words.
func segmentName(s string) string {
	if s == "" {
		return "the segment of all ports that name none"
	}
	return fmt.Sprintf("segment %q", s)
}
