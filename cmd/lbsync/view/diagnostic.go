package view

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// shown is the most diagnostics that are printed in full; one mistake in a locals block can make thousands.
const shown = 20

// Diagnostics writes findings to stderr in the order of the files, each with its excerpt. files may lack some.
func (p *Printer) Diagnostics(diags hcl.Diagnostics, files map[string]*hcl.File) error {
	if len(diags) == 0 {
		return nil
	}
	t := &Text{color: p.ColorErr}
	diags = inOrder(diags)
	for _, d := range diags[:min(len(diags), shown)] {
		diagnose(t, d, files, cmp.Or(p.Width, 80))
	}
	if rest := len(diags) - shown; rest > 0 {
		t.Linef("… and %s more; `lbsync validate -o json` has them all", plural(rest, "finding"))
	}
	_, err := p.Err.Write(t.b.Bytes())
	return err
}

func inOrder(diags hcl.Diagnostics) hcl.Diagnostics {
	out := slices.Clone(diags)
	slices.SortStableFunc(out, func(a, b *hcl.Diagnostic) int {
		ra, rb := subject(a), subject(b)
		return cmp.Or(cmp.Compare(ra.Filename, rb.Filename), cmp.Compare(ra.Start.Line, rb.Start.Line), cmp.Compare(ra.Start.Column, rb.Start.Column))
	})
	return out
}

func subject(d *hcl.Diagnostic) hcl.Range {
	if d.Subject == nil {
		return hcl.Range{}
	}
	return *d.Subject
}

// Finding is a diagnostic as documents carry it.
type Finding struct {
	Severity string  `json:"severity"` // error or warning
	Summary  string  `json:"summary"`
	Detail   string  `json:"detail,omitempty"`
	Source   *Source `json:"source,omitempty"`
	Rule     string  `json:"rule,omitempty"`        // the policy that is broken
	Level    string  `json:"level,omitempty"`       // its level: advise, overridable or deny
	Meaning  string  `json:"meaning,omitempty"`     // what it asks for, where it is a built-in one
	RuleAt   *Source `json:"rule_source,omitempty"` // where it stands, where the fleet declares it
}

func findings(diags hcl.Diagnostics) []Finding {
	out := []Finding{}
	for _, d := range inOrder(diags) {
		r := subject(d)
		at := spec.Pos{File: r.Filename, Line: uint32(r.Start.Line), Col: uint16(min(r.Start.Column, 1<<16-1))}
		f := Finding{Severity: severity(d), Summary: d.Summary, Detail: d.Detail, Source: sourceOf(at)}
		if b, ok := spec.BrokenBy(d); ok {
			f.Rule, f.Level, f.Meaning, f.RuleAt = b.Rule, b.Level.String(), b.Meaning, sourceOf(b.At)
		}
		out = append(out, f)
	}
	return out
}

func severity(d *hcl.Diagnostic) string {
	if d.Severity == hcl.DiagWarning {
		return "warning"
	}
	return "error"
}
