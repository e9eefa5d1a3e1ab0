package view

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// Count is what a diff amounts to. Drift counts the changes that repair drift; they are not counted among the others. Drain counts the
// real servers that are removed when their connections are, or their time is over.
type Count struct {
	Add    int       `json:"add"`
	Change int       `json:"change"`
	Remove int       `json:"remove"`
	Drain  int       `json:"drain,omitempty"`
	Drift  int       `json:"drift"`
	Risk   spec.Risk `json:"risk"`
}

func (n *Count) add(c Change) {
	n.Risk = max(n.Risk, c.Risk)
	switch {
	case c.Reason == spec.ByDrift:
		n.Drift++
	case c.Drain > 0:
		n.Drain++
	case c.Action == spec.Add:
		n.Add++
	case c.Action == spec.Edit:
		n.Change++
	default:
		n.Remove++
	}
}

// Pending says whether the commit asks for changes, drift aside.
func (n Count) Pending() bool { return n.Add+n.Change+n.Remove+n.Drain > 0 }

func (n Count) String() string {
	s := fmt.Sprintf("%d to add, %d to change, %d to remove", n.Add, n.Change, n.Remove)
	if n.Drain > 0 {
		s += fmt.Sprintf(", %d to drain", n.Drain)
	}
	if n.Drift > 0 {
		s += fmt.Sprintf(", %d drift", n.Drift)
	}
	return s
}

// short leaves out what is zero: "2 to add, 1 drift".
func (n Count) short() string {
	var parts []string
	for _, p := range strings.Split(n.String(), ", ") {
		if !strings.HasPrefix(p, "0 ") {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// plural is "1 director" or "2 directors".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
