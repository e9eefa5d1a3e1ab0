package agent

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// candidate is a commit that may be held.
type candidate struct {
	commit  spec.Commit
	view    spec.View
	want    spec.State
	holds   []spec.Hold
	roles   map[string]spec.Role // with which want was rendered
	basis   string               // the same, with all other facts but pools
	pools   *pool.Pools          // the same, of health
	branch  bool                 // it is the branch's tip, and raises the high-water mark
	back    *back                // what is taken back with it
	outcome journal.Event        // Applied unless it is a rollback
	advice  []spec.Diagnostic
	excused []policies.Override // rules that it breaks, and may
	actor   string              // who had it applied
}

// rendering identifies what a commit asks of the director: the plan that would build it from nothing. Neither where things stand in
// their files nor the roles of the moment are part of it.
func rendering(v spec.View) spec.Digest {
	want, _ := reconcile.Want(v, spec.Facts{})
	return reconcile.NewPlan(reconcile.PlanInput{Want: want}).Digest
}

// judging is what a commit has to pass.
type judging struct {
	skip     bool   // nothing: it was held before
	operator string // who asks for it by hand; "": it is the branch's
}

// accept loads a commit and lets the policies judge it.
func (a *Agent) accept(c spec.Commit, by judging) (candidate, *spec.Refusal, error) {
	a.enter(spec.Loading, "load "+c.Short())
	tree, err := a.parts.Source.Tree(c.ID)
	if ofCommit(err) {
		return candidate{}, invalid(refuse(c, err.Error())), nil
	}
	if err != nil {
		return candidate{}, nil, err
	}
	fleet, diags := a.parts.Load(tree)
	a.ripe = true
	if damage := a.parts.Source.Status().Damage; damage != nil {
		return candidate{}, nil, damage
	}
	if diags.HasErrors() {
		r := invalid(refused(c, "its HCL has", diags))
		excerpts(tree, r.Diagnostics)
		return candidate{}, r, nil
	}
	view, ok := fleet.Director(a.cfg.Director)
	if !ok {
		// Not an empty view: that would remove every service.
		return candidate{}, invalid(refuse(c, fmt.Sprintf("it declares no director %q (it has: %s); declare it, or correct the name in this host's agent.hcl",
			a.cfg.Director, cmp.Or(strings.Join(names(fleet), ", "), "none")))), nil
	}
	a.enter(spec.Checking, "check policies of "+c.Short())
	var judged policies.Outcome
	if !by.skip {
		judged = a.judgedBy(fleet, c, by.operator)
	}
	if judged.Diags.HasErrors() {
		r := refused(c, "policies have", judged.Diags)
		excerpts(tree, r.Diagnostics)
		return candidate{}, r, nil
	}
	out := candidate{commit: c, view: view, outcome: journal.Applied, excused: judged.Overridden, actor: self}
	for _, d := range append(diags, judged.Diags...) {
		out.advice = append(out.advice, diagnostic(d))
	}
	a.rendering(&out)
	return out, nil, nil
}

// byHand says whether an operator may have a refused commit all the same: every rule that refuses it may be overridden.
func byHand(diags []spec.Diagnostic) bool {
	refusing := 0
	for _, d := range diags {
		if d.Severity != "error" {
			continue
		}
		if d.Level != spec.Overridable.String() {
			return false
		}
		refusing++
	}
	return refusing > 0
}

// rendering renders a candidate with the facts of now.
func (a *Agent) rendering(c *candidate) {
	facts := a.facts()
	c.pools = pool.New(c.view, a.pools, a.states.Live(), facts.Now, facts.Overrides...)
	facts.Pools, facts.Shift = c.pools.Facts()
	c.roles, c.basis = facts.Roles, reconcile.Basis(c.view, facts)
	c.want, c.holds = a.render(c.view, facts)
}

// render is what the kernel should hold for a view. What it has in common with what is held is not worked out again.
func (a *Agent) render(v spec.View, facts spec.Facts) (spec.State, []spec.Hold) {
	if !a.states.Wanting() || a.held.View == nil {
		return reconcile.Want(v, facts)
	}
	return reconcile.WantAfter(*a.held.View, *a.states.Want(), v, facts)
}

func invalid(r *spec.Refusal) *spec.Refusal {
	r.Invalid = true
	return r
}

// ofCommit says whether an error is the commit's own, so that trying again would not help.
func ofCommit(err error) bool {
	for _, kind := range []error{source.ErrNoPath, source.ErrNoHCL, source.ErrBadFile, source.ErrTooLarge} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func names(f *spec.Fleet) []string {
	var out []string
	for _, d := range f.Directors {
		out = append(out, d.Def.Name)
	}
	return out
}

func refused(c spec.Commit, who string, diags hcl.Diagnostics) *spec.Refusal {
	out := refuse(c, "")
	errs := 0
	for _, d := range diags {
		out.Diagnostics = append(out.Diagnostics, diagnostic(d))
		if d.Severity == hcl.DiagError {
			errs++
		}
	}
	out.Reason = fmt.Sprintf("%s %d errors", who, errs)
	if errs == 1 {
		out.Reason = who + " 1 error"
	}
	return out
}

func diagnostic(d *hcl.Diagnostic) spec.Diagnostic {
	out := spec.Diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
	if d.Severity == hcl.DiagWarning {
		out.Severity = "warning"
	}
	if r := d.Subject; r != nil {
		out.Pos = spec.Pos{File: r.Filename, Line: uint32(r.Start.Line), Col: uint16(r.Start.Column), Len: uint16(max(0, r.End.Byte-r.Start.Byte))}
	}
	if b, ok := spec.BrokenBy(d); ok {
		out.Rule, out.Level, out.Meaning, out.RulePos = b.Rule, b.Level.String(), b.Meaning, b.At
	}
	return out
}

// diagnosticsText is a line for each finding, and below it the configuration and the rule.
func diagnosticsText(all []spec.Diagnostic) string {
	var b strings.Builder
	for _, d := range all {
		if at := d.Pos.String(); at != "" {
			b.WriteString(at + ": ")
		}
		fmt.Fprintf(&b, "%s: %s", d.Severity, d.Summary)
		if d.Detail != "" {
			b.WriteString("; " + d.Detail)
		}
		b.WriteByte('\n')
		if d.Line != "" {
			fmt.Fprintf(&b, "  %s: %s\n", d.Pos, d.Line)
		}
		if d.Rule != "" {
			fmt.Fprintf(&b, "  rule %s, level %s: %s\n", d.Rule, d.Level, cmp.Or(d.Meaning, strings.TrimSpace(d.RulePos.String()+" "+d.RuleLine)))
		}
	}
	return b.String()
}
