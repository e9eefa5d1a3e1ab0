package plain

import (
	"math/big"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// value takes a literal or a list of literals; it is nil for anything else.
func (r *reader) value() hclsyntax.Expression {
	if r.at('[') {
		return r.list()
	}
	return r.scalar()
}

// scalar takes a literal. What may not follow it directly, as a unit or an operator, is found by who asked for it: only the end of
// the line, a comma or a bracket is plain there.
func (r *reader) scalar() hclsyntax.Expression {
	switch {
	case r.eof():
		return nil
	case r.at('"'):
		return r.str()
	case class[r.src[r.pos]]&digit != 0:
		return r.number()
	}
	switch name, rng, _ := r.ident(); name {
	case "true":
		return &hclsyntax.LiteralValueExpr{Val: cty.True, SrcRange: rng}
	case "false":
		return &hclsyntax.LiteralValueExpr{Val: cty.False, SrcRange: rng}
	}
	return nil
}

// str is a quoted literal in one piece.
type str struct {
	expr  hclsyntax.TemplateExpr
	parts [1]hclsyntax.Expression
	lit   hclsyntax.LiteralValueExpr
}

func (r *reader) str() hclsyntax.Expression {
	start := r.here()
	text, ok := r.quoted()
	if !ok {
		return nil
	}
	s := &str{}
	s.expr.SrcRange = r.since(start)
	s.lit.SrcRange = inside(s.expr.SrcRange)
	if len(text) == 0 { // hclsyntax has its range behind the closing quote
		s.lit.SrcRange.Start, s.lit.SrcRange.End = r.here(), r.here()
	}
	s.lit.Val = cty.StringVal(string(text))
	s.parts[0] = &s.lit
	s.expr.Parts = s.parts[:]
	return &s.expr
}

// inside is the range between the quotes.
func inside(rng hcl.Range) hcl.Range {
	rng.Start.Column++
	rng.Start.Byte++
	rng.End.Column--
	rng.End.Byte--
	return rng
}

// quoted takes a string that has neither escapes nor templates.
func (r *reader) quoted() ([]byte, bool) {
	r.pos++
	n := r.span(literal)
	text := r.src[r.pos : r.pos+n]
	r.pos += n
	if !r.at('"') {
		return nil, false
	}
	r.pos++
	return text, true
}

// maxDigits keeps a number within an int64.
const maxDigits = 18

// num is a number literal in one piece.
type num struct {
	lit hclsyntax.LiteralValueExpr
	val big.Float
}

// small are the values of the numbers that occur thousands of times: weights, mostly.
var small = sync.OnceValue(func() []cty.Value {
	out := make([]cty.Value, 256)
	for i := range out {
		out[i] = cty.NumberVal(float(new(big.Float), int64(i)))
	}
	return out
})

// float is a whole number with the precision that cty.ParseNumberVal gives to those in text.
func float(f *big.Float, v int64) *big.Float { return f.SetPrec(512).SetInt64(v) }

// number takes a whole number.
func (r *reader) number() hclsyntax.Expression {
	n := r.span(digit)
	if n > maxDigits || n > 1 && r.at('0') {
		return nil
	}
	v := int64(0)
	for _, c := range r.src[r.pos : r.pos+n] {
		v = v*10 + int64(c-'0')
	}
	if known := small(); v < int64(len(known)) {
		return &hclsyntax.LiteralValueExpr{Val: known[v], SrcRange: r.token(n)}
	}
	e := &num{}
	e.lit.Val = cty.NumberVal(float(&e.val, v))
	e.lit.SrcRange = r.token(n)
	return &e.lit
}

// list takes a flat list, in which newlines mean nothing.
func (r *reader) list() hclsyntax.Expression {
	start := r.here()
	l := &hclsyntax.TupleConsExpr{OpenRange: r.token(1)}
	for r.gap(); !r.at(']'); r.gap() {
		e := r.scalar()
		if e == nil {
			return nil
		}
		l.Exprs = append(l.Exprs, e)
		if r.gap(); r.at(',') {
			r.pos++
		} else if !r.at(']') {
			return nil
		}
	}
	r.pos++
	l.SrcRange = r.since(start)
	return l
}

// gap skips what separates the elements of a list.
func (r *reader) gap() {
	for r.blank(); r.endOfLine(); r.blank() {
	}
}
