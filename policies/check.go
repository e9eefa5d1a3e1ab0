package policies

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// Outcome is what all rules say of a fleet, and how many of them could.
type Outcome struct {
	Diags   hcl.Diagnostics // errors refuse the commit, warnings advise; the Extra of each is a spec.Broken
	Ran     []Ran
	Skipped []Skipped
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

// Check asks every rule. Each diagnostic's summary begins with the name of its rule.
func Check(in Input) Outcome {
	var out Outcome
	for _, p := range All() {
		if n, ok := p.(Needy); ok {
			if why := n.Lacks(&in); why != "" {
				out.Skipped = append(out.Skipped, Skipped{p.Name(), why})
				continue
			}
		}
		out.Ran = append(out.Ran, Ran{p.Name(), p.Level(), p.Meaning()})
		for _, f := range p.Check(&in) {
			out.Diags = append(out.Diags, diagnostic(f, spec.Broken{Rule: p.Name(), Level: p.Level(), Meaning: p.Meaning()}))
		}
	}
	return out
}

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
