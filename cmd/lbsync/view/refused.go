package view

import (
	"cmp"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// explained is how many findings of a refused commit are explained in full; the others are named.
const explained = 3

// refusedLines explain why a commit was refused: what it says, what would have happened, and the rule.
func refusedLines(t *Text, all []spec.Diagnostic) {
	n := 0
	for _, d := range all {
		if d.Severity != "error" || n == explained {
			continue
		}
		n++
		t.Linef("")
		t.Line(Plain.In("  "), Bold.In(d.Summary))
		if d.Line != "" {
			t.Line(Dim.In("    "+d.Pos.String()+": "), Plain.In(d.Line))
		}
		for _, line := range paragraphs(d.Detail) {
			t.Linef("    %s", line)
		}
		if d.Rule == "" {
			continue
		}
		for _, line := range paragraphs("Rule " + d.Rule + ", level " + d.Level + ": " + cmp.Or(d.Meaning, strings.TrimSpace(d.RulePos.String()+"  "+d.RuleLine))) {
			t.Line(Dim.In("    " + line))
		}
	}
}

func paragraphs(s string) []string {
	if s == "" {
		return nil
	}
	return wrap(s, 100)
}
