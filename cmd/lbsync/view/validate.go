package view

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// Validation is what `lbsync validate` found and how much of the fleet it looked at.
type Validation struct {
	Head
	Valid     bool      `json:"valid"`
	Clusters  int       `json:"clusters"`
	Directors int       `json:"directors"` // whose wanted state was rendered
	Rules     int       `json:"rules"`     // that were run
	Skipped   int       `json:"skipped"`   // rules that could not run, since the fleet could not be loaded
	Findings  []Finding `json:"findings"`
}

// NewValidation counts the findings.
func NewValidation(clusters, directors, rules, skipped int, diags hcl.Diagnostics) Validation {
	return Validation{head("validation"), !diags.HasErrors(), clusters, directors, rules, skipped, findings(diags)}
}

// Text ends with what was covered, so that a check of nothing cannot pass for a check.
func (v Validation) Text(t *Text) {
	errors, warnings := 0, 0
	for _, f := range v.Findings {
		if f.Severity == "error" {
			errors++
		} else {
			warnings++
		}
	}
	switch {
	case errors > 0:
		t.Line(Red.In("Not valid"), Plain.In(fmt.Sprintf(": %s, %s.", plural(errors, "error"), plural(warnings, "warning"))))
	case warnings > 0:
		t.Line(Green.In("Valid"), Plain.In(fmt.Sprintf(", with %s.", plural(warnings, "warning"))))
	default:
		t.Line(Green.In("Valid"), Plain.In("."))
	}
	t.Linef("%s, %s rendered, %s run, %d skipped", plural(v.Clusters, "cluster"), plural(v.Directors, "director"), plural(v.Rules, "rule"), v.Skipped)
}
