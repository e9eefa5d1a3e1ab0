package policies

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// slowAnnouncement advises on an interval that promises a failover which the number of addresses does not let happen: until an address is
// added and announced, its packets still go to the director that is dead.
type slowAnnouncement struct{}

func (slowAnnouncement) Name() string      { return "slow-announcement" }
func (slowAnnouncement) Level() spec.Level { return spec.Advise }
func (slowAnnouncement) Meaning() string {
	return "The addresses that a new master takes over are announced within the time in which it noticed that the old one was dead: advert_interval × down_timer_adverts."
}

// perAddress is what a new master takes for an address before it has announced it, most of that in the kernel: 1,000 took 16 to 18 ms
// (docs/benchmarks-vrrp.md).
const perAddress = 18 * time.Microsecond

func (slowAnnouncement) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		all := 0 // a director that dies may have been master of all
		for _, inst := range c.Instances {
			all += len(inst.Def.Addresses)
		}
		var first *Finding
		more := 0
		for _, inst := range c.Instances {
			switch f, slow := announcing(c, inst, all); {
			case slow && first == nil:
				first = &f
			case slow:
				more++
			}
		}
		if first == nil {
			continue
		}
		if more > 0 {
			first.Detail += fmt.Sprintf(" The same is true of %d more instances of the cluster.", more)
		}
		out = append(out, *first)
	}
	return out
}

// announcing says whether the last address of an instance comes late, where all of the cluster's are taken over at once.
func announcing(c *spec.Cluster, inst spec.Placed[spec.VRRPInstance], all int) (Finding, bool) {
	def := inst.Def
	noticed := time.Duration(def.DownTimerAdverts) * def.AdvertInterval
	adding, pacing := time.Duration(all)*perAddress, time.Duration(len(def.Addresses))*def.Announce.Interval
	last := adding + pacing
	if last <= noticed {
		return Finding{}, false
	}
	cause := fmt.Sprintf("a director that takes over all %d addresses of cluster %q needs some %s to add and announce them", all, c.Name, rounded(adding))
	remedy := fmt.Sprintf("Write advert_interval = %q or more: a shorter one costs processor time and gains little.", longEnough(last, def.DownTimerAdverts))
	if pacing > adding {
		cause = fmt.Sprintf("with %s between two frames the %d addresses are announced over %s", def.Announce.Interval, len(def.Addresses), pacing)
		remedy = "Remove interval from its announce block, or write a shorter one."
	}
	return found(inst.Place.Pos(def.At), fmt.Sprintf("vrrp_instance %q moves slower than it notices", def.Name),
		"A dead master is noticed after %s, but %s: until then clients still send to the dead one. %s", noticed, cause, remedy), true
}

// longEnough is the shortest interval, in the steps of version 3, with which a dead master is noticed no sooner than after d.
func longEnough(d time.Duration, adverts uint8) string {
	const step = 10 * time.Millisecond
	each := d / time.Duration(adverts)
	return ((each + step - 1) / step * step).String()
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
