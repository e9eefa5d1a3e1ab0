package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Validation is what `lbsync validate` found and how much of the fleet it looked at.
type Validation struct {
	Head
	Valid bool `json:"valid"`
	Coverage
	Findings []Finding `json:"findings"`
}

// Coverage is what was looked at.
type Coverage struct {
	Clusters  int           `json:"clusters"`
	Directors int           `json:"directors"` // whose wanted state was rendered
	Rules     int           `json:"rules"`     // that were run
	Skipped   []SkippedRule `json:"skipped"`
	Facts     []FactsOf     `json:"facts,omitempty"`        // by which it was also judged
	Unseen    []string      `json:"unseen,omitempty"`       // directors that were asked for facts and did not answer
	Tests     *TestCount    `json:"policy_tests,omitempty"` // nil: they were not asked for

	Judged []JudgedRule `json:"-"` // the rules that were run, for reports that list them
}

// FactsOf is a director whose facts were given, and how old they are.
type FactsOf struct {
	Director string    `json:"director"`
	Taken    time.Time `json:"taken"`
}

// TestCount is how many policy_test blocks were run, and how many were not as expected.
type TestCount struct {
	Run    int `json:"run"`
	Failed int `json:"failed"`
}

// JudgedRule is a rule that was run.
type JudgedRule struct{ Name, Level, Meaning string }

// SkippedRule is a rule that could not be judged.
type SkippedRule struct {
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

// NewValidation counts the findings.
func NewValidation(c Coverage, diags hcl.Diagnostics) Validation {
	if c.Skipped == nil {
		c.Skipped = []SkippedRule{}
	}
	return Validation{head("validation"), !diags.HasErrors(), c, findings(diags)}
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
	t.Linef("%s, %s rendered, %s run, %d skipped%s", plural(v.Clusters, "cluster"), plural(v.Directors, "director"), plural(v.Rules, "rule"), len(v.Skipped), reasons(v.Skipped))
	for _, f := range v.Facts {
		t.Linef("Judged by facts of %s, taken %s", f.Director, stamp(f.Taken))
	}
	for _, name := range v.Unseen {
		t.Linef("No facts of %s, which did not answer", name)
	}
	if v.Tests != nil {
		t.Linef("%s run, %d failed", plural(v.Tests.Run, "policy test"), v.Tests.Failed)
	}
}

// reasons are why rules were skipped, each with how many.
func reasons(skipped []SkippedRule) string {
	count := map[string]int{}
	var order []string
	for _, s := range skipped {
		if count[s.Why] == 0 {
			order = append(order, s.Why)
		}
		count[s.Why]++
	}
	if len(order) == 0 {
		return ""
	}
	for i, why := range order {
		order[i] = fmt.Sprintf("%d: %s", count[why], why)
	}
	return " (" + strings.Join(order, "; ") + ")"
}
