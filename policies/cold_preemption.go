package policies

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// coldPreemption advises on a director that takes its role back before it knows the connections. Where all directors of the cluster can ask
// each other nothing is said: there lbsync waits until the backup is warm, however long that takes.
type coldPreemption struct{}

func (coldPreemption) Name() string      { return "cold-preemption" }
func (coldPreemption) Level() spec.Level { return spec.Advise }
func (coldPreemption) Meaning() string {
	return "Where connections are synchronised and the directors cannot ask each other, preemption waits (preempt_delay, a minute at least) until a director that comes back can know them."
}

// warmUp is how long a director listens at least before it may know most connections. Nobody sends them again for it where the directors
// have no channel: the kernel tells of a connection at its packets 2, 52, 102, … (sync_threshold, net/netfilter/ipvs/ip_vs_sync.c), which one
// with a packet a second or more reaches within a minute, and an idle one never.
const warmUp = time.Minute

func (coldPreemption) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		bare := unreachable(in.Fleet, c)
		if c.Sync == nil || bare == "" {
			continue
		}
		for _, inst := range c.Instances {
			if !inst.Def.Preempt || inst.Def.PreemptDelay >= warmUp {
				continue
			}
			waits := "at once"
			if d := inst.Def.PreemptDelay; d > 0 {
				waits = "after " + d.String()
			}
			out = append(out, found(inst.Place.Pos(inst.Def.At), fmt.Sprintf("vrrp_instance %q is taken back before the connections are known", inst.Def.Name),
				"A director that comes back with the higher priority preempts %s. It missed what was opened while it was away, and hears of a connection only at every fiftieth packet: it would end all that it does not know. "+
					"Write preempt = false, or preempt_delay = \"1m\" or more; or give %s an endpoint and a public_key (lbsync keygen): the directors then send each other all connections, and lbsync waits for that.",
				waits, bare))
		}
	}
	return out
}

// unreachable is the first director of a cluster that the others cannot ask; "" when they can ask all.
func unreachable(f *spec.Fleet, c *spec.Cluster) string {
	for _, name := range c.Directors {
		if d := directorNamed(f, name); d == nil || !d.Reachable() {
			return name
		}
	}
	return ""
}
