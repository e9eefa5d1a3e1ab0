package schema

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// The limits of evaluation. hclsyntax has no hook to stop an expression, so the places where work multiplies are wrapped.
const (
	MaxSteps    = 2_000_000 // of one block: an element visited by one node of an expression, or 16 bytes of text
	MaxExponent = 1024      // binary, of a computed number: turning a greater one into text takes seconds
	MaxElements = 4096      // of a computed collection
	MaxText     = 64 << 10  // bytes of a computed string
)

// metered charges what an expression yields before the node above it works on it.
type metered struct {
	hclsyntax.Expression
	d     *Decoder
	times int  // nodes that are evaluated for each element
	text  bool // it becomes part of a text
}

func (m *metered) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if why := m.d.exhausted(); why != "" {
		return cty.DynamicVal, m.stop("Expression too large", why)
	}
	v, diags := m.Expression.Value(ctx)
	if diags.HasErrors() {
		return v, diags
	}
	n, why := weigh(v, 0)
	m.d.Spent += n * m.times
	switch {
	case why != "":
		return cty.DynamicVal, append(diags, m.stop("Value too large", why)...)
	case m.d.exhausted() != "":
		return cty.DynamicVal, append(diags, m.stop("Expression too large", m.d.exhausted())...)
	}
	if m.text {
		v = asText(v)
	}
	return v, diags
}

// exhausted says why nothing may be computed any more; "" if it may.
func (d *Decoder) exhausted() string {
	switch {
	case d.Spent > d.limit:
		return "It needs too many steps. Use smaller collections, or name parts of it in locals."
	case d.Expired != nil && d.Expired():
		return "It takes too long. Use smaller collections, or name parts of it in locals."
	}
	return ""
}

// asText is the text of a whole number, and every other value as it is. cty would convert it too, by way of the exact decimal of
// 512 bits, which takes most of the time of a fleet that computes its addresses.
func asText(v cty.Value) cty.Value {
	if v.IsMarked() || !v.IsKnown() || v.IsNull() || v.Type() != cty.Number {
		return v
	}
	n, acc := v.AsBigFloat().Int64()
	if acc != big.Exact {
		return v
	}
	return cty.StringVal(strconv.FormatInt(n, 10))
}

func (m *metered) stop(summary, detail string) hcl.Diagnostics {
	rng := m.Range()
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}}
}

// weigh counts the elements of a value, and says why it is too large if it is.
func weigh(v cty.Value, depth int) (n int, why string) {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
		return 1, ""
	case v.Type() == cty.String:
		n = len(v.AsString())
		if n > MaxText {
			return 0, fmt.Sprintf("A text may have at most %d bytes, this one has %d.", MaxText, n)
		}
		return 1 + n/16, ""
	case v.Type() == cty.Number:
		if e := v.AsBigFloat().MantExp(nil); e > MaxExponent || e < -MaxExponent {
			return 0, "The number is out of every useful range."
		}
		return 1, ""
	case !v.CanIterateElements() || depth > 64:
		return 1, ""
	}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		k, why := weigh(e, depth+1)
		if n += 1 + k; why != "" || n > MaxSteps {
			return n, why
		}
	}
	return n + 1, ""
}

// TooLarge says why a value may not be kept; "" if it may.
func TooLarge(v cty.Value) string {
	n, why := weigh(v, 0)
	switch {
	case why != "":
		return why
	case n > 4*MaxElements:
		return fmt.Sprintf("A value may have at most %d elements, or %d KiB of text.", 4*MaxElements, MaxText>>10)
	}
	return ""
}

// prepare wraps the nodes of an expression that multiply work or turn numbers into text.
func (d *Decoder) prepare(e hclsyntax.Expression) {
	if d.prepared == nil {
		d.prepared = map[hclsyntax.Expression]int{}
	}
	if d.prepared[e] > 0 {
		return
	}
	w := &wrapper{d: d}
	_ = hclsyntax.Walk(e, w)
	d.prepared[e] = w.nodes
	d.Spent += w.nodes
}

type wrapper struct {
	d     *Decoder
	nodes int
	since []int // count of nodes when each open node was entered
}

func (w *wrapper) Enter(hclsyntax.Node) hcl.Diagnostics {
	w.since = append(w.since, w.nodes)
	w.nodes++
	return nil
}

func (w *wrapper) Exit(n hclsyntax.Node) hcl.Diagnostics {
	inside := w.nodes - w.since[len(w.since)-1]
	w.since = w.since[:len(w.since)-1]
	switch n := n.(type) {
	case *hclsyntax.ForExpr:
		w.wrap(&n.CollExpr, inside)
		if _, shared := n.ValExpr.(*hclsyntax.ScopeTraversalExpr); !shared {
			w.wrap(&n.ValExpr, 1) // each element is a value of its own
		}
	case *hclsyntax.SplatExpr:
		w.wrap(&n.Source, inside)
	case *hclsyntax.TemplateExpr:
		w.wrapAll(n.Parts, true)
	case *hclsyntax.FunctionCallExpr:
		w.wrapAll(n.Args, false)
	case *hclsyntax.ConditionalExpr:
		w.wrap(&n.TrueResult, 1)
		w.wrap(&n.FalseResult, 1)
	case *hclsyntax.IndexExpr:
		w.wrap(&n.Key, 1)
	case *hclsyntax.ObjectConsKeyExpr:
		if _, bare := n.Wrapped.(*hclsyntax.ScopeTraversalExpr); !bare {
			w.wrap(&n.Wrapped, 1)
		}
	}
	return nil
}

func (w *wrapper) wrapAll(es []hclsyntax.Expression, text bool) {
	for i := range es {
		w.wrap(&es[i], 1)
		if m, ok := es[i].(*metered); ok {
			m.text = text
		}
	}
}

func (w *wrapper) wrap(e *hclsyntax.Expression, times int) {
	if _, literal := (*e).(*hclsyntax.LiteralValueExpr); !literal {
		*e = &metered{Expression: *e, d: w.d, times: times}
	}
}
