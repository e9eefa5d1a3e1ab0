package schema

import (
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bind runs f with more names in scope.
func (d *Decoder) Bind(vars map[string]cty.Value, f func()) {
	outer, inner := d.context(), d.inner
	d.inner = maps.Clone(inner)
	if d.inner == nil {
		d.inner = map[string]bool{}
	}
	for name := range vars {
		d.inner[name] = true
	}
	d.scope = outer.NewChild()
	d.scope.Variables = vars
	f()
	d.scope, d.inner = outer, inner
}

// Known reports the names of an expression that are not in scope, and says whether all are.
func (d *Decoder) Known(e hclsyntax.Expression) bool { return d.references(e) }

// Local is the value of a local that exists.
func (d *Decoder) Local(name string) cty.Value { return d.env.Locals.GetAttr(name) }

// Allow lets the decoder spend so many more steps.
func (d *Decoder) Allow(steps int) { d.limit = d.Spent + steps }

// Attempt is the value of an expression whose names are in scope, or its first error, which is not reported. Each attempt costs the
// nodes of the expression, besides what they multiply.
func (d *Decoder) Attempt(e hclsyntax.Expression) (cty.Value, *hcl.Diagnostic) {
	d.prepare(e)
	d.Spent += d.prepared[e]
	v, diags := e.Value(d.context())
	if why := d.exhausted(); why != "" { // also where can() or try() did not want to know
		rng := e.Range()
		return cty.DynamicVal, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Expression too large", Detail: why, Subject: &rng}
	}
	for _, diag := range diags {
		if diag.Severity == hcl.DiagError {
			if diag.Subject == nil {
				rng := e.Range()
				diag.Subject = &rng
			}
			return cty.DynamicVal, diag
		}
	}
	return v, nil
}

// Shown is a key as a message names it.
func Shown(v cty.Value) string {
	v, _ = v.Unmark()
	if v.IsKnown() && !v.IsNull() {
		switch v.Type() {
		case cty.String:
			return v.AsString()
		case cty.Number:
			return v.AsBigFloat().Text('f', -1)
		}
	}
	return "an element"
}
