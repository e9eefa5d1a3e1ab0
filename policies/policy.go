// Package policies decides whether a fleet MAY be: rules over the whole fleet, the same code in CI (`lbsync validate`) and on every
// director before anything is planned. A refused commit changes nothing.
package policies

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// Policy is one rule.
type Policy interface {
	// Name is the rule's word in messages and documents, such as "duplicate-syncid".
	Name() string
	// Meaning is one sentence: what is refused, or advised against, and why.
	Meaning() string
	// Check reports what breaks the rule: errors refuse the commit, warnings advise.
	Check(Input) hcl.Diagnostics
}

// Input is what rules look at.
type Input struct {
	Fleet *spec.Fleet
	Prior *spec.View // what this director last accepted; nil in CI and before the first commit
}

// All are the built-in rules, in the order of the documentation.
func All() []Policy {
	return []Policy{
		duplicateSyncID{},
		backupOnly{},
		duplicateRouterID{},
		equalPriority{},
		sharedAddress{},
		loneSyncGroup{},
		preventDestroy{},
		emptyDirector{},
		allWeightsZero{},
		directorWithoutKey{},
	}
}

// Check runs every rule. Each diagnostic's summary begins with the name of its rule.
func Check(in Input) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, p := range All() {
		for _, d := range p.Check(in) {
			d.Summary = p.Name() + ": " + d.Summary
			out = append(out, d)
		}
	}
	return out
}

func deny(at spec.Pos, summary, detail string) *hcl.Diagnostic {
	r := at.Range()
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &r}
}

func advise(at spec.Pos, summary, detail string) *hcl.Diagnostic {
	d := deny(at, summary, detail)
	d.Severity = hcl.DiagWarning
	return d
}
