package view

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// History are the commits that a director tried, newest first, and what came of each.
type History struct {
	Head
	Generations []journal.Generation `json:"generations"`
	More        bool                 `json:"more,omitempty"` // there are older ones, which the director does not give out in one answer
}

// NewHistory makes the document.
func NewHistory(g []journal.Generation) History {
	if g == nil {
		g = []journal.Generation{}
	}
	return History{Head: head("history"), Generations: g}
}

// Text is a table. BY is the operator who asked for it; what follows the branch was asked for by its author.
func (h History) Text(t *Text) {
	if len(h.Generations) == 0 {
		t.Linef("nothing was tried yet")
		return
	}
	rows := [][]Cell{titles("TIME", "COMMIT", "OUTCOME", "CHANGES", "TOOK", "AUTHOR", "BY", "DETAIL")}
	for _, g := range h.Generations {
		by := g.Actor
		if by == "agent" {
			by = ""
		}
		rows = append(rows, []Cell{
			Dim.In(stamp(g.Time)), Plain.In(spec.ShortID(g.Commit)), eventStyles[g.Outcome].In(outcome(g)), Plain.In(strconv.Itoa(g.Changes)),
			Plain.In(g.Duration.Round(time.Millisecond).String()), Plain.In(g.Author), Plain.In(by), Plain.In(g.Detail),
		})
	}
	t.Table("", rows)
	if h.More {
		t.Linef("… and older ones, which lbsync history shows on the director itself")
	}
}

func outcome(g journal.Generation) string {
	words := g.Outcome.String()
	if g.Outcome == journal.Intent {
		words = "under way"
	}
	switch {
	case g.Attempts < 2:
		return words
	case g.Outcome == journal.Applied || g.Outcome == journal.RolledBack:
		return fmt.Sprintf("%s, then %s, last %s", words, plural(g.Attempts-1, "repair"), stamp(g.Last))
	}
	return fmt.Sprintf("%s, %d times, last %s", words, g.Attempts, stamp(g.Last))
}
