package reconcile

import (
	"maps"
	"regexp"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// wholeID is the name of a commit, and no expression that leads to one.
var wholeID = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// Hints are the commits of which other directors speak, by director: the one that each wishes to apply, or the newest that it accepted.
// Those that are known here are left out. A hint is no more than that: which commit is the branch's, the repository alone says.
func Hints(f spec.Facts, known ...string) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(f.Peers)) {
		p := f.Peers[name]
		if !p.Answers() {
			continue
		}
		for _, id := range []string{p.Report.Turn.Commit, p.Report.HighWater} {
			if wholeID.MatchString(id) && !slices.Contains(known, id) {
				out[name] = id
				break
			}
		}
	}
	return out
}
