package schema

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Env is what the expressions of a fleet may refer to. It is shared by decoders, and not written while they run.
type Env struct {
	Locals cty.Value                         // an object
	Names  map[string]bool                   // all there are; Locals may hold only those that are needed
	Plain  bool                              // locals are not possible here
	Broken bool                              // a locals block was not read: names may be missing from it
	File   func(name string) (string, error) // reads a file of the repository
}

// secretMark is put on the value of secret("name"), so that it cannot become part of another value unseen.
type secretMark string

// eval computes an expression; the value is unknown when that fails, with a diagnostic, or when it depends on such a value.
func (d *Decoder) eval(e hclsyntax.Expression) cty.Value {
	if !d.references(e) {
		return cty.DynamicVal
	}
	d.prepare(e)
	v, diags := e.Value(d.context())
	for _, diag := range diags {
		if diag.Severity == hcl.DiagError {
			// What follows the first mistake of an expression is mostly its echo.
			rng := e.Range()
			if diag.Subject != nil {
				rng = *diag.Subject
			}
			d.Error(rng, diag.Summary, diag.Detail)
			return cty.DynamicVal
		}
	}
	return v
}

func (d *Decoder) context() *hcl.EvalContext {
	if d.scope == nil {
		d.scope = &hcl.EvalContext{Variables: map[string]cty.Value{"local": d.env.Locals}, Functions: d.functions()}
	}
	return d.scope
}

// references records which locals an expression reads, and reports those that do not exist: hcl has no suggestion for them.
func (d *Decoder) references(e hclsyntax.Expression) bool {
	ok := true
	for _, t := range e.Variables() {
		root := t.RootName()
		if d.inner[root] {
			continue
		}
		if root != "local" {
			d.Error(t.SourceRange(), "Unknown name", fmt.Sprintf("There is no %s here.%s", root, d.rootHint(root)))
			ok = false
			continue
		}
		ok = d.local(t) && ok
	}
	return ok
}

func (d *Decoder) rootHint(root string) string {
	if d.env.Names[root] {
		return fmt.Sprintf(" Did you mean local.%s?", root)
	}
	names := append([]string{"local"}, slices.Sorted(maps.Keys(d.inner))...)
	if n := Nearest(root, names); n != "" {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	return ` Values with a name stand in locals { … } and are used as local.NAME; text stands in quotes.`
}

func (d *Decoder) local(t hcl.Traversal) bool {
	if len(t) < 2 {
		d.Refs["*"] = true
		return true
	}
	attr, ok := t[1].(hcl.TraverseAttr)
	if !ok {
		d.Refs["*"] = true
		return true
	}
	d.Refs[attr.Name] = true
	if d.env.Names[attr.Name] {
		return true
	}
	if d.env.Broken {
		d.faults++
		return false
	}
	d.Error(t.SourceRange(), "Unknown local", fmt.Sprintf("There is no local %q.%s", attr.Name, d.localHint(attr.Name)))
	return false
}

func (d *Decoder) localHint(name string) string {
	if d.tooMany() {
		return ""
	}
	names := slices.Sorted(maps.Keys(d.env.Names))
	if n := Nearest(name, names); n != "" {
		return fmt.Sprintf(" Did you mean local.%s?", n)
	}
	if d.env.Plain {
		return " This file has no locals: write the value itself."
	}
	return " Declare it in locals { " + name + " = … }."
}

// secret is the value of secret("name"). Anything made from it is not allowed: its text is not known when the fleet is loaded.
func (d *Decoder) secret(v cty.Value, mark any, rng hcl.Range) raw {
	name, ok := mark.(secretMark)
	if ok && v.Type() == cty.String && v.IsKnown() && !v.IsNull() && v.AsString() == string(name) {
		return raw{kind: rawSecret, str: string(name), rng: rng}
	}
	d.Error(rng, "Secret inside an expression", `A secret is resolved on the director, not here: write secret("name") alone as the value.`)
	return raw{kind: rawUnknown, rng: rng}
}

// Evaluate is the value of an expression, within the limits of the decoder.
func (d *Decoder) Evaluate(e hclsyntax.Expression) cty.Value { return d.eval(e) }

// References are the locals that an expression reads by name.
func References(e hclsyntax.Expression) []hcl.Traversal {
	var out []hcl.Traversal
	for _, t := range e.Variables() {
		if t.RootName() == "local" {
			out = append(out, t)
		}
	}
	return out
}
