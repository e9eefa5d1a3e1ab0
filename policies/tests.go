package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// TestInput is what the tests of a fleet need beside it.
type TestInput struct {
	Fleet *spec.Fleet
	// Changes is what a fleet changes for directors that hold something.
	Changes func([]spec.View, *spec.Fleet) map[string][]spec.Change
	Expired func() bool // see Input
}

// Tests asks every policy_test of a fleet. There is an error for each that is not as expected, at what it expects; its Extra is the rule,
// if there is one.
func Tests(in TestInput) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, t := range in.Fleet.Tests {
		b := in.ruleOf(t.Def.Policy)
		if summary, detail := in.test(t.Def); summary != "" {
			f := Finding{At: t.Place.Pos(t.Def.Want), Summary: fmt.Sprintf("policy_test %q: %s", t.Def.Name, summary), Detail: detail}
			d := diagnostic(f, b)
			d.Severity = hcl.DiagError
			if b.Meaning == "" && b.At == (spec.Pos{}) {
				d.Extra = nil // there is no such rule
			}
			out = append(out, d)
		}
	}
	return out
}

// ruleOf is the rule that a test is about, at the level of the fleet.
func (in *TestInput) ruleOf(name string) spec.Broken {
	book := newRulebook(in.Fleet.Policies)
	if p, ok := builtIn(name); ok {
		return spec.Broken{Rule: name, Level: book.level(p), Meaning: p.Meaning()}
	}
	p, ok := book[name]
	if !ok {
		return spec.Broken{Rule: name}
	}
	return spec.Broken{Rule: name, Level: p.Def.Level, At: p.Place.Pos(p.Def.Asked())}
}

// test says what is not as expected; "" if all is.
func (in *TestInput) test(t *spec.PolicyTest) (summary, detail string) {
	judged, summary, detail := in.input(t)
	if summary != "" {
		return summary, detail
	}
	j := judge(&judged, t.Policy)
	if names := j.names(); !slices.Contains(names, t.Policy) {
		return "there is no such rule", strings.TrimSpace("A test is about a policy of this fleet, or a built-in rule." + spec.DidYouMean(t.Policy, names))
	}
	if len(j.out.Skipped) > 0 {
		return "the rule was skipped", fmt.Sprintf("It lacks what it looks at: %s. Write base = <<HCL … HCL or commit { … } into the test.", j.out.Skipped[0].Why)
	}
	got := spec.ExpectPass
	var said []string
	for _, d := range j.out.Diags {
		if _, ok := spec.BrokenBy(d); ok {
			got = max(got, spec.ExpectAdvise)
			if d.Severity == hcl.DiagError {
				got = spec.ExpectRefuse
			}
		}
		said = append(said, strings.TrimSpace(d.Summary+"; "+d.Detail))
	}
	text := strings.Join(said, "\n")
	switch {
	case got != t.Expect && text == "":
		return fmt.Sprintf("expected %s, got %s", t.Expect, got), "The rule says nothing."
	case got != t.Expect:
		return fmt.Sprintf("expected %s, got %s", t.Expect, got), "The rule says: " + text
	case !strings.Contains(text, t.Message):
		return "it says something else", fmt.Sprintf("Expected was %q. The rule says: %s", t.Message, text)
	}
	return "", ""
}

// input is what the rule of a test judges: the test's own fleets, under the policies of the fleet in which it stands.
func (in *TestInput) input(t *spec.PolicyTest) (out Input, summary, detail string) {
	out = Input{Fleet: in.Fleet, Commit: t.Commit, Expired: in.Expired}
	if t.Fleet != "" {
		fleet, why := loadPart("fleet", t.Fleet)
		if fleet == nil {
			return out, "its fleet cannot be loaded", why
		}
		fleet.Policies = in.Fleet.Policies
		out.Fleet = fleet
	}
	if t.Base != "" {
		base, why := loadPart("base", t.Base)
		if base == nil {
			return out, "its base cannot be loaded", why
		}
		base.Policies = in.Fleet.Policies
		for _, d := range base.Directors {
			v, _ := base.Director(d.Def.Name)
			out.Priors = append(out.Priors, v)
		}
		out.Changes = func() map[string][]spec.Change { return in.Changes(out.Priors, out.Fleet) }
	}
	return out, "", ""
}

// loadPart loads a fleet of a test, or says what is wrong with it: lines count from its first.
func loadPart(name, text string) (*spec.Fleet, string) {
	fleet, diags := spec.LoadText(name, text)
	if fleet != nil {
		return fleet, ""
	}
	d := diags[0]
	return nil, fmt.Sprintf("Line %d of %s: %s. %s", d.Subject.Start.Line, name, d.Summary, d.Detail)
}
