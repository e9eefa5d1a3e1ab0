package agent

import (
	"context"
	"time"

	"github.com/lbsync/lbsync/reconcile"
)

// hintPause is the least time between two fetches that other directors brought about.
const hintPause = time.Second

// hinted asks the repository at once where another director speaks of a commit that is not known here, once for each: so all directors of a
// cluster see a commit when the first of them polls. While the repository does not answer, it is asked by its own retry.
func (a *Agent) hinted(ctx context.Context) {
	if a.failing || a.tip == nil {
		return
	}
	news := false
	for name, id := range reconcile.Hints(a.facts(), a.tip.ID, a.held.HighWater, a.held.Commit.ID) {
		if a.hints[name] == id {
			continue
		}
		if a.hints == nil {
			a.hints = map[string]string{}
		}
		a.hints[name] = id
		if _, err := a.parts.Source.Resolve(id); err != nil { // else it is an earlier commit, and the other director is behind
			news = true
		}
	}
	now := time.Now()
	switch next := a.hintedAt.Add(hintPause); {
	case !news || now.Before(a.hintedAt): // the next one is on the agenda
	case now.Before(next):
		a.hintedAt = next
		a.agenda.sooner(fetch, next)
	default:
		a.hintedAt = now
		a.waits(ctx, make(chan error, 1)) // one that runs may have asked too early
	}
}
