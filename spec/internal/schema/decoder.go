package schema

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Decoder reads the blocks of one piece of source. It gathers what is wrong, and on which locals and files the result depends.
type Decoder struct {
	Diags hcl.Diagnostics
	Refs  map[string]bool // names of the locals that were read; "*" is all of them
	Files map[string]bool // arguments of file()
	Spent int             // evaluation steps

	// Lines maps a line of the text to the line that marks should carry; nil is as it is.
	Lines func(int) int
	// Text is what is read; attributes of kind Expr are cut out of it.
	Text []byte
	// Above is the number of lines above the text in its file.
	Above int
	// Foreign are words of other tools and what they are called here.
	Foreign map[string]string
	// Expired says that there is no time left; nil: there always is.
	Expired func() bool
	// Refused are blocks and attributes that are left out, and why.
	Refused map[string]string

	env      *Env
	scope    *hcl.EvalContext
	inner    map[string]bool              // names of the iterators in scope
	prepared map[hclsyntax.Expression]int // their nodes
	limit    int                          // of Spent
	faults   int                          // diagnostics, and values that are unknown because of one elsewhere
}

// NewDecoder starts a decoder for one piece of source.
func NewDecoder(env *Env) *Decoder {
	return &Decoder{env: env, Refs: map[string]bool{}, Files: map[string]bool{}, limit: MaxSteps}
}

// Error adds a diagnostic: what is wrong in a few words, and a sentence with its cause and what to write instead.
func (d *Decoder) Error(rng hcl.Range, summary, detail string) {
	if d.faults++; d.tooMany() {
		return
	}
	d.Diags = append(d.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng})
}

// MaxErrors is how many errors of one piece of source are kept; looking for suggestions costs time for each.
const MaxErrors = 50

func (d *Decoder) tooMany() bool { return len(d.Diags) >= MaxErrors }

// Clean says whether everything so far was read without a mistake.
func (d *Decoder) Clean() bool { return d.faults == 0 }

// Mark is a range in the short form that decoded values keep.
func (d *Decoder) Mark(r hcl.Range) Mark {
	line := r.Start.Line
	if d.Lines != nil {
		line = d.Lines(line)
	}
	return Mark{Line: uint32(line), Col: clamp(r.Start.Column), Len: clamp(r.End.Byte - r.Start.Byte)}
}

func clamp(n int) uint16 { return uint16(min(n, 1<<16-1)) }

// Line is the line of the file that a mark stands for.
func (d *Decoder) Line(m Mark) int { return d.Above + int(m.Line) }

// Body reads a top-level body: only blocks, each given to the function of its type.
func (d *Decoder) Body(body *hclsyntax.Body, block func(*Instance)) {
	for _, a := range body.Attributes {
		d.Error(a.NameRange, "Attribute outside of a block", "At the top of a file stand only blocks: put "+a.Name+" into the block it belongs to, or a value of your own into locals { … }.")
	}
	for _, b := range body.Blocks {
		block(NewInstance(b))
	}
}

// defaultValue reads the default of a table. Tables are ours, so a default that does not parse is a fault of the program.
func defaultValue(a *Attr) Value {
	e, diags := hclsyntax.ParseExpression([]byte(a.Default), "default", hcl.InitialPos)
	if diags.HasErrors() {
		panic("default of " + a.Name + ": " + diags.Error())
	}
	d := NewDecoder(&Env{Locals: cty.EmptyObjectVal})
	v, ok := d.value(a, e)
	if !ok {
		panic("default of " + a.Name + ": " + d.Diags.Error())
	}
	v.At, v.Range = Mark{}, hcl.Range{}
	return v
}
