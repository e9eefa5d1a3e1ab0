package policies

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// Outcome is what all rules say of a fleet, and how many of them could.
type Outcome struct {
	Diags      hcl.Diagnostics // errors refuse the commit, warnings advise; the Extra of what a rule finds is a spec.Broken
	Ran        []Ran
	Skipped    []Skipped
	Overridden []Override // what the commit was allowed to break
}

// Ran is a rule that was judged.
type Ran struct {
	Rule    string
	Level   spec.Level
	Meaning string
}

// Skipped is a rule that could not be judged.
type Skipped struct {
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

// Check asks every rule: those of the program, and those of the fleet's own. Each diagnostic's summary begins with the name of its rule,
// or with that of the trailer that asks to override one.
func Check(in Input) Outcome { return judge(&in, "").out }

func diagnostic(f Finding, b spec.Broken) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: b.Rule + ": " + f.Summary, Detail: f.Detail, Extra: b}
	if b.Level == spec.Advise {
		d.Severity = hcl.DiagWarning
	}
	if f.At != (spec.Pos{}) {
		r := f.At.Range()
		d.Subject = &r
	}
	return d
}
