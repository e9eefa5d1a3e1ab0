package reconcile

import (
	"fmt"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Frozen says whether a freeze of one of the director's clusters holds, why, and until when. A commit goes to all clusters of a director
// or to none, so one that is frozen is enough; of several, the one that lasts longest is named.
func Frozen(view spec.View, now time.Time) (why string, until time.Time, ok bool) {
	for i := range view.Clusters {
		c := &view.Clusters[i]
		for _, f := range c.Freezes {
			end, active := f.Active(now)
			if !active || ok && !end.After(until) {
				continue
			}
			why, until, ok = fmt.Sprintf("freeze %q of cluster %q, %s", f.Name, c.Name, f.Text()), end, true
			if f.Reason != "" {
				why += ": " + f.Reason
			}
		}
	}
	return why, until, ok
}
