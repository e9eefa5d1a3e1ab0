package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// overrideKey is the trailer `Lbsync-Override: RULE REASON`. Git does not tell its cases apart.
const overrideKey = "Lbsync-Override"

// asked is what one trailer asks for.
type asked struct{ rule, reason string }

// Override is a rule that a commit was allowed to break.
type Override struct {
	Rule   string
	Author string // "NAME <EMAIL>", or the operator who asks by hand
	Reason string
}

func overridesOf(c spec.Commit) []asked {
	var out []asked
	for _, t := range c.Trailers() {
		if strings.EqualFold(t.Key, overrideKey) {
			rule, reason, _ := strings.Cut(t.Value, " ")
			out = append(out, asked{rule, strings.TrimSpace(reason)})
		}
	}
	return out
}

// byHand turns findings of rules that may be overridden into warnings: an operator asks for this very commit, has to go back when the
// night demands it, and cannot write a trailer into a commit that is there.
func (j *judgement) byHand() {
	for _, rule := range slices.Sorted(maps.Keys(j.findings)) {
		if v := j.findings[rule]; v.level == spec.Overridable {
			j.pass(rule, v, j.in.Operator, "asked for by hand")
		}
	}
}

// pass lets a finding be.
func (j *judgement) pass(rule string, v *verdict, by, reason string) {
	for _, d := range v.diags {
		d.Severity = hcl.DiagWarning
		d.Detail = strings.TrimSpace(fmt.Sprintf("%s Overridden by %s: %s", d.Detail, by, reason))
	}
	j.out.Overridden = append(j.out.Overridden, Override{rule, by, reason})
	delete(j.findings, rule) // it cannot be overridden twice
}

// override turns findings into warnings where the commit says so and may, and says of every other trailer why it does not count.
func (j *judgement) override() {
	for _, o := range j.asked {
		if summary, detail := j.denies(o); summary != "" {
			if j.wanted(o.rule) {
				j.note(overrideKey, summary, detail)
			}
			continue
		}
		v := j.findings[o.rule]
		if v == nil || v.level == spec.Advise {
			continue // there is nothing to override
		}
		j.pass(o.rule, v, fmt.Sprintf("%s <%s>", j.in.Commit.Author, j.in.Commit.Email), o.reason)
	}
}

// denies says why a trailer does not count; "" if it does, or if there is nothing to override.
func (j *judgement) denies(o asked) (summary, detail string) {
	v := j.findings[o.rule]
	email := strings.ToLower(j.in.Commit.Email)
	switch {
	case !j.known(o.rule):
		return fmt.Sprintf("there is no rule %q", o.rule), "Write the name of the rule as the refusal does." + spec.DidYouMean(o.rule, j.names())
	case o.reason == "":
		return fmt.Sprintf("no reason for %s", o.rule), fmt.Sprintf("Write why, behind the rule: %s: %s REASON.", overrideKey, o.rule)
	case v == nil:
		return "", ""
	case v.level == spec.Deny:
		return fmt.Sprintf("%s is of level deny", o.rule), "Nobody overrides such a rule: change what it finds, or first the level in a commit of its own."
	case v.level == spec.Overridable && !j.now.allows(o.rule, email):
		return fmt.Sprintf("%s may not override %s", email, o.rule), fmt.Sprintf("overridden_by of policy %q does not list this address.", o.rule)
	case v.level == spec.Overridable && slices.ContainsFunc(j.accepted, func(b rulebook) bool { return !b.allows(o.rule, email) }):
		return fmt.Sprintf("%s may not override %s yet", email, o.rule), fmt.Sprintf("overridden_by of policy %q does not list this address in the accepted commit, and a change of it counts from the next commit on.", o.rule)
	}
	return "", ""
}

func (j *judgement) known(rule string) bool { return slices.Contains(j.names(), rule) }

// names are those of all rules that count.
func (j *judgement) names() []string {
	out := builtInNames()
	for _, book := range append([]rulebook{j.now}, j.accepted...) {
		for _, p := range book.own() {
			out = append(out, p.Def.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
