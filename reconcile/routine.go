package reconcile

import (
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// tooLargeAgain is when a table that was too large to be read is looked at again: its size is known from the services' counters.
const tooLargeAgain = 10 * time.Minute

// Routine says to whom a master sends all its connections now, without being asked, and when it may do so next; nil where it is master
// of nothing that is synchronised. The kernel tells of a connection while it has packets, from sync_threshold on: what is younger or
// quieter lives on only where it was sent this way before its director died.
//
// What it costs is bounded: the pause is at least that of the fleet, and so many times as long as the last one was busy that resyncs
// take the fleet's share of the time at most. Where the last one said that the table is too large for this kernel, it is off, and says so.
func Routine(v spec.View, f spec.Facts, last *spec.Resynced) (to []string, r *spec.Routine) {
	least, share := pace(v, f)
	switch {
	case share == 0:
		return nil, nil
	case least == 0:
		return nil, &spec.Routine{Off: "connection_sync has resync = \"0s\""}
	case !anyHears(f):
		return nil, &spec.Routine{Off: "no other director is known whose backup daemon hears this one"}
	}
	r = &spec.Routine{}
	if last != nil {
		r.Next = last.At.Add(max(least, time.Duration(float64(last.Busy)*100/share)))
		if last.Partial != "" && last.Connections == 0 {
			r.Off, r.Next = last.Partial, last.At.Add(max(least, tooLargeAgain))
		}
	}
	if f.Now.Before(r.Next) {
		return nil, r
	}
	return listeners(f), r
}

// pace is what the clusters ask for that this director is master in: the shortest pause that is not 0, and the smallest share. The share
// is 0 where it is master of nothing that is synchronised.
func pace(v spec.View, f spec.Facts) (least time.Duration, share float64) {
	for i := range v.Clusters {
		c := &v.Clusters[i]
		if c.Sync == nil || !masterOf(c, f) {
			continue
		}
		if share == 0 || c.Sync.Share < share {
			share = c.Sync.Share
		}
		if c.Sync.Resync > 0 && (least == 0 || c.Sync.Resync < least) {
			least = c.Sync.Resync
		}
	}
	return least, share
}

// anyHears also counts directors that fell silent: their daemons go on without their agent.
func anyHears(f spec.Facts) bool {
	for _, p := range f.Peers {
		if p.Report != nil && hears(p.Report, f) {
			return true
		}
	}
	return false
}

// listeners are the directors that can be asked what arrived.
func listeners(f spec.Facts) []string {
	out := []string{}
	for name, p := range f.Peers {
		if p.Answers() && p.Report.Receiver != "" && hears(p.Report, f) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
