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
}

// NewHistory makes the document.
func NewHistory(g []journal.Generation) History {
	if g == nil {
		g = []journal.Generation{}
	}
	return History{head("history"), g}
}

// Text is a table.
func (h History) Text(t *Text) {
	if len(h.Generations) == 0 {
		t.Linef("nothing was tried yet")
		return
	}
	rows := [][]Cell{titles("TIME", "COMMIT", "OUTCOME", "CHANGES", "TOOK", "AUTHOR", "DETAIL")}
	for _, g := range h.Generations {
		rows = append(rows, []Cell{
			Dim.In(stamp(g.Time)), Plain.In(spec.ShortID(g.Commit)), eventStyles[g.Outcome].In(outcome(g)), Plain.In(strconv.Itoa(g.Changes)),
			Plain.In(g.Duration.Round(time.Millisecond).String()), Plain.In(g.Author), Plain.In(g.Detail),
		})
	}
	t.Table("", rows)
}

func outcome(g journal.Generation) string {
	words := g.Outcome.String()
	if g.Outcome == journal.Intent {
		words = "under way"
	}
	if g.Attempts > 1 {
		words += fmt.Sprintf(", %d times, last %s", g.Attempts, stamp(g.Last))
	}
	return words
}
