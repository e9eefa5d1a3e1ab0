package schema

import (
	"math/big"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

type rawKind uint8

const (
	rawUnknown rawKind = iota // the value of an expression whose mistake is reported
	rawNull
	rawString
	rawNumber
	rawBool
	rawList
	rawMap
	rawSecret // str is its name
)

// raw is a value before the attribute's kind is applied. Elements written as literals keep their own range.
type raw struct {
	kind rawKind
	str  string
	num  *big.Float
	b    bool
	list []raw
	keys []raw
	rng  hcl.Range
}

// read is the value of an expression. Literals are taken from the tree; only what must be computed is evaluated.
func (d *Decoder) read(e hclsyntax.Expression) raw {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		if s, ok := literalText(e); ok {
			return raw{kind: rawString, str: s, rng: e.SrcRange}
		}
	case *hclsyntax.TemplateWrapExpr:
		return d.quoted(e)
	case *hclsyntax.LiteralValueExpr:
		return d.fromCty(e.Val, e.SrcRange)
	case *hclsyntax.TupleConsExpr:
		r := raw{kind: rawList, rng: e.SrcRange, list: make([]raw, len(e.Exprs))}
		for i, x := range e.Exprs {
			r.list[i] = d.read(x)
		}
		return r
	case *hclsyntax.ObjectConsExpr:
		return d.readObject(e)
	}
	return d.fromCty(d.eval(e), e.Range())
}

// quoted is "${…}" alone. hcl gives it the type of what is inside; in quotes a number is text, as it is beside other text.
func (d *Decoder) quoted(e *hclsyntax.TemplateWrapExpr) raw {
	v := d.eval(e)
	if !v.IsMarked() && v.IsKnown() && !v.IsNull() && (v.Type() == cty.Number || v.Type() == cty.Bool) {
		if _, why := weigh(v, 0); why != "" {
			d.Error(e.SrcRange, "Value too large", why)
			return raw{rng: e.SrcRange}
		}
		v, _ = convert.Convert(v, cty.String) // every number and bool has a text
	}
	return d.fromCty(v, e.SrcRange)
}

// literalText is the text of a quoted string without interpolation.
func literalText(e *hclsyntax.TemplateExpr) (string, bool) {
	switch len(e.Parts) {
	case 0:
		return "", true
	case 1:
		if l, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok && l.Val.Type() == cty.String {
			return l.Val.AsString(), true
		}
	}
	return "", false
}

func (d *Decoder) readObject(e *hclsyntax.ObjectConsExpr) raw {
	r := raw{kind: rawMap, rng: e.SrcRange}
	for _, it := range e.Items {
		k := d.read(it.KeyExpr)
		if key, ok := it.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok {
			k = d.readKey(key)
		}
		if k.kind != rawString {
			d.fault(k)
			return raw{kind: rawUnknown, rng: e.SrcRange}
		}
		r.keys, r.list = append(r.keys, k), append(r.list, d.read(it.ValueExpr))
	}
	return r
}

// readKey is the key of an object: a bare word is itself, not a variable.
func (d *Decoder) readKey(k *hclsyntax.ObjectConsKeyExpr) raw {
	if t, ok := k.Wrapped.(*hclsyntax.ScopeTraversalExpr); ok && len(t.Traversal) == 1 && !k.ForceNonLiteral {
		return raw{kind: rawString, str: t.Traversal.RootName(), rng: t.SrcRange}
	}
	return d.read(k.Wrapped)
}

// fault reports a key that is not a string, unless it is unknown because of another mistake.
func (d *Decoder) fault(k raw) {
	if k.kind == rawUnknown {
		d.faults++
		return
	}
	d.Error(k.rng, "Key is not a word", "The keys of a map are strings: write a name or quote it.")
}

func (d *Decoder) fromCty(v cty.Value, rng hcl.Range) raw {
	r := raw{rng: rng}
	v, marks := v.Unmark()
	for m := range marks {
		return d.secret(v, m, rng)
	}
	switch {
	case !v.IsKnown():
		return r
	case v.IsNull():
		r.kind = rawNull
	case v.Type() == cty.String:
		r.kind, r.str = rawString, v.AsString()
	case v.Type() == cty.Number:
		r.kind, r.num = rawNumber, v.AsBigFloat()
	case v.Type() == cty.Bool:
		r.kind, r.b = rawBool, v.True()
	case v.CanIterateElements():
		d.elements(&r, v)
	}
	return r
}

func (d *Decoder) elements(r *raw, v cty.Value) {
	isMap := v.Type().IsMapType() || v.Type().IsObjectType()
	r.kind = rawList
	if isMap {
		r.kind = rawMap
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if isMap {
			r.keys = append(r.keys, raw{kind: rawString, str: k.AsString(), rng: r.rng})
		}
		r.list = append(r.list, d.fromCty(e, r.rng))
	}
}
