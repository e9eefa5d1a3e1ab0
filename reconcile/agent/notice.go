package agent

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// longestWhy bounds what a notice says: it is given to programs, as a variable of their environment.
const longestWhy = 4 << 10

// notice tells of what was recorded, after it is durable. Drift that is found together is one notice.
func (a *Agent) notice(recs []journal.Record) {
	if a.parts.Notice == nil {
		return
	}
	var drifted []journal.Record
	for _, r := range recs {
		switch r.Event {
		case journal.Applied, journal.RolledBack:
			a.tellNotice("applied", r, r.Result)
		case journal.Refused:
			a.tellNotice("refused", r, strings.TrimSpace(r.Result+"\n"+r.Diagnostics))
		case journal.Reverted:
			a.tellNotice("reverted", r, r.Result)
		case journal.Drift:
			drifted = append(drifted, r)
		}
	}
	if len(drifted) == 0 {
		return
	}
	first := drifted[0]
	what := strings.TrimSpace(fmt.Sprintf("%s %s %s", first.Kind, first.Key, first.Detail))
	if n := len(drifted) - 1; n > 0 {
		what += fmt.Sprintf(" and %d more", n)
	}
	a.tellNotice("drift", first, "changed outside git: "+what)
}

func (a *Agent) tellNotice(event string, r journal.Record, why string) {
	if len(why) > longestWhy {
		why = strings.ToValidUTF8(why[:longestWhy], "") + " …"
	}
	a.parts.Notice(spec.Notice{Event: event, Commit: a.commitOf(r.Commit), Why: why, Time: time.Now()})
}

// commitOf is the commit with an id, with subject and author where it is one of those that matter now.
func (a *Agent) commitOf(id string) spec.Commit {
	known := []spec.Commit{a.held.Commit}
	if a.tip != nil {
		known = append(known, *a.tip)
	}
	if a.attempted != nil {
		known = append(known, a.attempted.Commit)
	}
	for _, c := range known {
		if c.ID == id {
			return c
		}
	}
	return spec.Commit{ID: id}
}
