package policies

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// judgement is one run of the rules.
type judgement struct {
	in       *Input
	only     string     // the rule that is asked; "": all
	now      rulebook   // of the fleet that is judged
	accepted []rulebook // of the commits that directors hold; those that differ
	asked    []asked    // what the commit's trailers ask for
	subject  *spec.Subject

	out      Outcome
	findings map[string]*verdict // by rule
}

// verdict is what was found by a rule, for the overrides.
type verdict struct {
	level spec.Level // the strictest at which it was judged
	diags hcl.Diagnostics
	more  int // findings beyond mostFindings
}

// mostFindings is how many of one rule are said: a mistake in a generator makes ten thousand, and all go into journal and status.
const mostFindings = 50

func judge(in *Input, only string) *judgement {
	j := &judgement{in: in, only: only, now: newRulebook(in.Fleet.Policies), findings: map[string]*verdict{}}
	for i := range in.Priors {
		book := newRulebook(in.Priors[i].Policies)
		if !slices.ContainsFunc(j.accepted, book.equal) {
			j.accepted = append(j.accepted, book)
		}
	}
	if in.Commit != nil {
		j.asked = overridesOf(*in.Commit)
	}
	for _, p := range All() {
		if j.wanted(p.Name()) {
			j.builtIn(p)
		}
	}
	j.ownRules()
	j.rest()
	j.override()
	if in.Operator != "" {
		j.byHand()
	}
	return j
}

func (j *judgement) wanted(rule string) bool { return j.only == "" || j.only == rule }

func (j *judgement) skip(rule, why string) { j.out.Skipped = append(j.out.Skipped, Skipped{rule, why}) }

// builtIn asks a rule of the program. Its level is the strictest that a commit gives it which counts.
func (j *judgement) builtIn(p Policy) {
	if n, ok := p.(Needy); ok {
		if why := n.Lacks(j.in); why != "" {
			j.skip(p.Name(), why)
			return
		}
	}
	level := j.now.level(p)
	for _, book := range j.accepted {
		level = max(level, book.level(p))
	}
	j.out.Ran = append(j.out.Ran, Ran{p.Name(), level, p.Meaning()})
	for _, f := range p.Check(j.in) {
		j.find(diagnostic(f, spec.Broken{Rule: p.Name(), Level: level, Meaning: p.Meaning()}))
	}
}

// find keeps a finding. Its Extra says by which rule it is.
func (j *judgement) find(d *hcl.Diagnostic) {
	b, _ := spec.BrokenBy(d)
	v := j.findings[b.Rule]
	if v == nil {
		v = &verdict{}
		j.findings[b.Rule] = v
	}
	v.level = max(v.level, b.Level)
	if len(v.diags) == mostFindings {
		v.more++
		return
	}
	v.diags = append(v.diags, d)
	j.out.Diags = append(j.out.Diags, d)
}

// rest says how many findings were left out, for each rule.
func (j *judgement) rest() {
	for _, rule := range slices.Sorted(maps.Keys(j.findings)) {
		v := j.findings[rule]
		if v.more == 0 {
			continue
		}
		d := diagnostic(Finding{Summary: fmt.Sprintf("%d more findings like these %d", v.more, mostFindings)}, spec.Broken{Rule: rule, Level: v.level})
		v.diags, j.out.Diags = append(v.diags, d), append(j.out.Diags, d)
	}
}

// note adds what is said beside the findings.
func (j *judgement) note(rule, summary, detail string) {
	d := &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: rule + ": " + summary, Detail: detail}
	j.out.Diags = append(j.out.Diags, d)
}
