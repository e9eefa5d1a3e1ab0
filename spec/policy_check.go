package spec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/schema"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// policyChecker finds what can be found in the expressions of a policy before there is a fleet to ask about: names, attributes, types.
type policyChecker struct {
	d      *schema.Decoder
	in     *schema.Instance
	policy *Policy
	locals map[string]cty.Value
}

func (c *policyChecker) check() {
	c.locals = map[string]cty.Value{}
	c.d.Bind(unknownRoots(), func() {
		c.expression("when", cty.Bool)
		if !c.in.Has("for_each") {
			c.expression("condition", cty.Bool)
			c.expression("message", cty.String)
			return
		}
		each := cty.ObjectVal(map[string]cty.Value{"key": cty.DynamicVal, "value": cty.UnknownVal(c.each())})
		c.d.Bind(map[string]cty.Value{"each": each}, func() {
			c.expression("condition", cty.Bool)
			c.expression("message", cty.String)
		})
	})
	c.keepLocals()
}

// unknownRoots are the names in scope, with values of which only the types are known.
func unknownRoots() map[string]cty.Value {
	roots := map[string]cty.Value{"commit": cty.UnknownVal(commitType())}
	for _, c := range collections {
		roots[c.name] = cty.UnknownVal(cty.Map(c.typ(nil)))
	}
	return roots
}

// soleRoots have one element in each collection, so that what is made of the elements is looked at too.
func soleRoots() map[string]cty.Value {
	roots := map[string]cty.Value{}
	for _, c := range collections {
		roots[c.name] = cty.MapVal(map[string]cty.Value{"…": cty.UnknownVal(c.typ(nil))})
	}
	return roots
}

// expression checks an attribute and the type of its value.
func (c *policyChecker) expression(name string, want cty.Type) {
	a, ok := c.in.Body.Attributes[name]
	if !ok || !c.names(a.Expr) {
		return
	}
	v, diag := c.value(a.Expr)
	if diag == nil {
		if _, err := convert.Convert(cty.UnknownVal(v.Type()), want); err == nil {
			return
		}
		c.d.Error(a.Expr.Range(), "Wrong type of "+name, fmt.Sprintf("%s is %s: it has to be %s.", name, v.Type().FriendlyName(), map[cty.Type]string{cty.Bool: "true or false", cty.String: "a text"}[want]))
		return
	}
	c.d.Error(*diag.Subject, diag.Summary, diag.Detail+attributeHint(diag))
}

// each is the type of the elements of for_each, as far as it is known.
func (c *policyChecker) each() cty.Type {
	e := c.in.Body.Attributes["for_each"].Expr
	if !c.names(e) {
		return cty.DynamicPseudoType
	}
	v, diag := c.value(e)
	if diag != nil {
		c.d.Error(*diag.Subject, diag.Summary, diag.Detail+attributeHint(diag))
		return cty.DynamicPseudoType
	}
	switch t := v.Type(); {
	case t == cty.DynamicPseudoType:
		return t
	case t.IsMapType() || t.IsListType() || t.IsSetType():
		return t.ElementType()
	case t.IsTupleType() || t.IsObjectType():
		return oneType(t)
	}
	c.d.Error(e.Range(), "Wrong type of for_each", fmt.Sprintf("for_each is %s: write a collection, a list or a map.", v.Type().FriendlyName()))
	return cty.DynamicPseudoType
}

// oneType is the type of all elements; dynamic where they differ.
func oneType(t cty.Type) cty.Type {
	types := slices.Collect(maps.Values(attributeTypes(t)))
	if t.IsTupleType() {
		types = t.TupleElementTypes()
	}
	for _, x := range types {
		if !x.Equals(types[0]) {
			return cty.DynamicPseudoType
		}
	}
	if len(types) == 0 {
		return cty.DynamicPseudoType
	}
	return types[0]
}

func attributeTypes(t cty.Type) map[string]cty.Type {
	if t.IsObjectType() {
		return t.AttributeTypes()
	}
	return nil
}

// names checks the names of an expression, and keeps the values of its locals.
func (c *policyChecker) names(e hclsyntax.Expression) bool {
	if !c.own(e) || !c.d.Known(e) {
		return false
	}
	ok := true
	for _, t := range schema.References(e) {
		attr, named := hcl.TraverseAttr{}, false
		if len(t) > 1 {
			attr, named = t[1].(hcl.TraverseAttr)
		}
		if !named {
			c.d.Error(t.SourceRange(), "Local not named", "A policy is kept with the values of the locals that it uses: write local.NAME.")
			ok = false
			continue
		}
		v := c.d.Local(attr.Name)
		if v.IsWhollyKnown() && v.ContainsMarked() {
			c.d.Error(t.SourceRange(), "Secret not allowed here", "What a policy uses is kept and shown: a secret cannot be part of it.")
			ok = false
			continue
		}
		c.locals[attr.Name] = v
	}
	return ok
}

// own refuses what a policy cannot use although other blocks can, or the other way round.
func (c *policyChecker) own(e hclsyntax.Expression) bool {
	ok := true
	for _, t := range e.Variables() {
		if t.RootName() == "each" && !c.in.Has("for_each") {
			c.d.Error(t.SourceRange(), "each without for_each", "Without for_each the rule is asked once, and there is no element: write for_each = virtual_servers, or another collection.")
			ok = false
		}
	}
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, is := n.(*hclsyntax.FunctionCallExpr); is && (call.Name == "file" || call.Name == "secret") {
			c.d.Error(call.NameRange, "Function not possible here", fmt.Sprintf("A policy is kept with all it needs, so it cannot call %s: put what a file says into locals, and write local.NAME here.", call.Name))
			ok = false
		}
		return nil
	})
	return ok
}

// value is what an expression gives with elements that are not known. A complaint about an index or an argument may only be due to
// that there is one of each; what an element does not have, it never has.
func (c *policyChecker) value(e hclsyntax.Expression) (cty.Value, *hcl.Diagnostic) {
	v, diag := c.d.Attempt(e)
	if diag != nil {
		return v, diag
	}
	sole := v
	c.d.Bind(soleRoots(), func() { sole, diag = c.d.Attempt(e) })
	switch {
	case diag == nil && v.Type() == cty.DynamicPseudoType:
		return sole, nil
	case diag != nil && diag.Summary == unsupportedAttribute:
		return v, diag
	}
	return v, nil
}

// keepLocals encodes the values of the locals that the policy uses. One that is not known has a mistake that is reported.
func (c *policyChecker) keepLocals() {
	if len(c.locals) == 0 || !c.d.Clean() {
		return
	}
	all := cty.ObjectVal(c.locals)
	if !all.IsWhollyKnown() {
		return
	}
	b, err := ctyjson.Marshal(all, cty.DynamicPseudoType)
	if err != nil {
		panic(err) // a known value without marks has a JSON form
	}
	c.policy.Locals = b
}

// unsupportedAttribute is hcl's summary for an attribute that an object does not have.
const unsupportedAttribute = "Unsupported attribute"

var namedAttribute = regexp.MustCompile(`attribute named "([^"]*)"`)

// attributeHint is the end of a message about an attribute that there is not.
func attributeHint(d *hcl.Diagnostic) string {
	m := namedAttribute.FindStringSubmatch(d.Detail)
	if m == nil {
		return ""
	}
	names := []string{"key", "value"}
	for _, c := range collections {
		for _, a := range c.attrs {
			names = append(names, a.name)
		}
	}
	for _, a := range commitAttrs {
		names = append(names, a.name)
	}
	names = append(names, slices.Sorted(maps.Keys(timeType.AttributeTypes()))...)
	if n := schema.Nearest(m[1], names); n != "" && n != m[1] {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	return ""
}
