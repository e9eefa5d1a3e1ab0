package reconcile_test

import (
	"strings"
	"testing"

	"github.com/lbsync/lbsync/reconcile"
)

func TestRewound(t *testing.T) {
	behind := reconcile.Mark{Director: "lb2", Commit: "aaa", Newer: true, Leads: true}
	ahead := reconcile.Mark{Director: "lb3", Commit: "ccc", Newer: true}
	other := reconcile.Mark{Director: "lb4", Commit: "ddd"}
	missing := reconcile.Mark{Director: "lb5", Commit: "eee", Missing: true}
	for name, c := range map[string]struct {
		marks    []reconcile.Mark
		by, hold string
	}{
		"nobody":                          {nil, "", ""},
		"none accepted anything":          {[]reconcile.Mark{{Director: "lb2"}}, "", ""},
		"it leads to the tip":             {[]reconcile.Mark{behind}, "", ""},
		"it is the tip":                   {[]reconcile.Mark{{Director: "lb2", Commit: "bbb", Missing: true}}, "", ""},
		"the tip does not descend":        {[]reconcile.Mark{behind, ahead}, "lb3", ""},
		"the own mark went another way":   {[]reconcile.Mark{other}, "", ""},
		"the own mark is as new":          {[]reconcile.Mark{{Director: "lb2", Commit: "aaa", Leads: true}}, "", ""},
		"it is not in the mirror":         {[]reconcile.Mark{missing}, "", "lb5 accepted eee, which is not here: whether bbb came after it"},
		"one is missing, one contradicts": {[]reconcile.Mark{missing, ahead}, "lb3", ""},
		"one is missing, others agree":    {[]reconcile.Mark{behind, missing, other}, "", "lb5 accepted"},
		"not heard yet":                   {[]reconcile.Mark{behind, {Director: "lb6", Unheard: true}}, "", "lb6 has not been heard yet"},
		"not heard yet, one contradicts":  {[]reconcile.Mark{{Director: "lb6", Unheard: true}, ahead}, "lb3", ""},
	} {
		t.Run(name, func(t *testing.T) {
			by, hold := reconcile.Rewound("bbb", c.marks)
			if got := sayer(by); got != c.by {
				t.Errorf("refused by %q, want %q", got, c.by)
			}
			if (hold == "") != (c.hold == "") || !strings.HasPrefix(hold, c.hold) {
				t.Errorf("held for %q, want %q", hold, c.hold)
			}
		})
	}
}

func sayer(m *reconcile.Mark) string {
	if m == nil {
		return ""
	}
	return m.Director
}
