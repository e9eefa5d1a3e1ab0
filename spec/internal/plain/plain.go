// Package plain reads the plain part of HCL's native syntax, the blocks and literal values that most of a large fleet consists of,
// into the tree that hclsyntax would give. What it does not know, and everything that is wrong, is left to hclsyntax, which also
// has the messages.
//
// hclsyntax looks for grapheme clusters in every token and tries every level of operators for every value. Plain text is
// ASCII outside of line comments, so that columns are bytes, and has no operators.
package plain

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Parse gives the body that hclsyntax.ParseConfig gives for the same arguments, without a diagnostic. It is false when src is not
// plain or has a mistake. It recurses for nested blocks: the caller bounds their depth. No string of the body refers to src.
func Parse(src []byte, file string, start hcl.Pos) (*hclsyntax.Body, bool) {
	r := &reader{src: src, file: file, base: start.Byte, line: start.Line, newline: -start.Column}
	r.blank()
	first := r.here() // a line comment counts: it stands for the newline at its end
	attrs, blocks, ok := r.items()
	if !ok || !r.eof() {
		return nil, false
	}
	return &hclsyntax.Body{Attributes: attrs, Blocks: blocks, SrcRange: r.since(first), EndRange: r.since(r.here())}, true
}

// items reads a body up to what ends it: the end of src, or a brace, which is not taken.
func (r *reader) items() (hclsyntax.Attributes, hclsyntax.Blocks, bool) {
	attrs, blocks := len(r.attrs), len(r.blocks)
	for {
		r.blank()
		switch {
		case r.endOfLine():
		case r.eof() || r.at('}'):
			return r.pop(attrs, blocks)
		case !r.item():
			return nil, nil, false
		}
	}
}

// pop takes the items of a body off the stacks. It is false when two attributes have one name.
func (r *reader) pop(attrs, blocks int) (hclsyntax.Attributes, hclsyntax.Blocks, bool) {
	byName := make(hclsyntax.Attributes, len(r.attrs)-attrs)
	for _, a := range r.attrs[attrs:] {
		byName[a.Name] = a
	}
	unique := len(byName) == len(r.attrs)-attrs
	list := append(hclsyntax.Blocks{}, r.blocks[blocks:]...)
	r.attrs, r.blocks = r.attrs[:attrs], r.blocks[:blocks]
	return byName, list, unique
}

// item reads an attribute or a block with the end of its line.
func (r *reader) item() bool {
	name, rng, ok := r.ident()
	if !ok {
		return false
	}
	r.blank()
	if r.at('=') {
		a := r.attribute(name, rng)
		r.attrs = append(r.attrs, a)
		ok = a != nil
	} else {
		b := r.block(name, rng)
		r.blocks = append(r.blocks, b)
		ok = b != nil
	}
	r.blank()
	return ok && (r.eof() || r.endOfLine())
}

func (r *reader) attribute(name string, rng hcl.Range) *hclsyntax.Attribute {
	a := &hclsyntax.Attribute{Name: name, NameRange: rng, EqualsRange: r.token(1)}
	r.blank()
	if a.Expr = r.value(); a.Expr == nil {
		return nil
	}
	a.SrcRange = r.since(rng.Start)
	return a
}

// node is a block in one piece: one allocation instead of four.
type node struct {
	block  hclsyntax.Block
	body   hclsyntax.Body
	labels [1]string
	ranges [1]hcl.Range
}

// block reads the rest of a block, behind its type.
func (r *reader) block(name string, rng hcl.Range) *hclsyntax.Block {
	n := &node{}
	b := &n.block
	b.Type, b.TypeRange, b.Body = name, rng, &n.body
	if r.at('"') {
		b.Labels, b.LabelRanges = n.labels[:0], n.ranges[:0]
	}
	for r.at('"') {
		start := r.here()
		text, ok := r.quoted()
		if !ok {
			return nil
		}
		b.Labels, b.LabelRanges = append(b.Labels, string(text)), append(b.LabelRanges, r.since(start))
		r.blank()
	}
	if !r.at('{') || !r.braced(b) {
		return nil
	}
	return b
}

// braced reads a body with its braces.
func (r *reader) braced(b *hclsyntax.Block) bool {
	b.OpenBraceRange = r.token(1)
	r.blank()
	if !r.at('}') && !r.endOfLine() {
		return r.oneLine(b)
	}
	var ok bool
	b.Body.Attributes, b.Body.Blocks, ok = r.items()
	if !ok || !r.at('}') {
		return false
	}
	b.CloseBraceRange = r.token(1)
	b.Body.SrcRange, b.Body.EndRange = r.since(b.OpenBraceRange.Start), r.since(r.here())
	return true
}

// oneLine reads the only attribute of a body in one line. The body has the attribute's range, without the braces.
func (r *reader) oneLine(b *hclsyntax.Block) bool {
	name, rng, ok := r.ident()
	r.blank()
	if !ok || !r.at('=') {
		return false
	}
	a := r.attribute(name, rng)
	if a == nil {
		return false
	}
	*b.Body = hclsyntax.Body{Attributes: hclsyntax.Attributes{name: a}, SrcRange: a.SrcRange, EndRange: r.since(r.here())}
	r.blank()
	if !r.at('}') {
		return false
	}
	b.CloseBraceRange = r.token(1)
	return true
}
