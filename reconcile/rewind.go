package reconcile

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// Mark is the newest commit that another director accepted from the branch, and how it stands to the branch as it is known here.
type Mark struct {
	Director string
	Unheard  bool   // it was not asked yet: Commit is not known
	Commit   string // id; "" where it accepted none
	Missing  bool   // Commit is not in the mirror, or not with its history
	Newer    bool   // it descends from the own mark, or this director has none; else the own one counts, which an operator may have moved
	Leads    bool   // it leads to the tip
}

// Rewound judges a tip of the branch by what the other directors accepted before: a director whose own mark is lost, or old because it
// was restored from a backup, would otherwise follow a branch that was set back. by is the mark that the tip does not descend from, nil
// when there is none. Where it cannot be told, hold says why.
func Rewound(tip string, marks []Mark) (by *Mark, hold string) {
	for i, m := range marks {
		switch {
		case m.Unheard:
			hold = m.Director + " has not been heard yet, and may have accepted a newer commit"
		case m.Commit == "" || m.Commit == tip:
		case m.Missing:
			hold = fmt.Sprintf("%s accepted %s, which is not here: whether %s came after it cannot be told before the repository has it", m.Director, spec.ShortID(m.Commit), spec.ShortID(tip))
		case m.Newer && !m.Leads:
			return &marks[i], ""
		}
	}
	return nil, hold
}
