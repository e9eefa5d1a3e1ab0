package schema

import (
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Block is the table of a block that is read into a T.
type Block[T any] struct {
	Name       string
	Label      *Field[T] // nil: the block has no label
	Doc        string
	Keepalived string
	Attrs      []Field[T]
	Blocks     []Nested[T]
	// Check judges what one attribute alone cannot; it runs when the block's own attributes are all good.
	Check func(d *Decoder, in *Instance, t *T)

	info  *Info
	label Attr // as messages call it
}

// New completes a table: its defaults are read once, as if they had been written in the source.
func New[T any](b Block[T]) *Block[T] {
	b.info = b.describe()
	if b.Label != nil {
		b.label = b.Label.Attr
		b.label.Name = "label"
	}
	for i := range b.Attrs {
		if f := &b.Attrs[i]; f.Default != "" {
			f.def = defaultValue(&f.Attr)
		}
	}
	return &b
}

// Field is an attribute and where its value goes.
type Field[T any] struct {
	Attr
	Set func(t *T, v Value)

	def Value
}

// Nested is a block inside a block. Build it with One or Many.
type Nested[T any] struct {
	Info   *Info
	One    bool
	decode func(d *Decoder, t *T, in *Instance)
}

// Many is a nested block that may stand any number of times. add is called after t's own attributes are read.
func Many[T, S any](b *Block[S], add func(d *Decoder, t *T, s *S, in *Instance)) Nested[T] {
	return Nested[T]{Info: b.Info(), decode: func(d *Decoder, t *T, in *Instance) {
		var s S
		if b.Decode(d, in, &s) {
			add(d, t, &s, in)
		}
	}}
}

// One is a nested block that stands at most once.
func One[T, S any](b *Block[S], add func(d *Decoder, t *T, s *S, in *Instance)) Nested[T] {
	n := Many(b, add)
	n.One = true
	return n
}

// Info describes the block without its type.
func (b *Block[T]) Info() *Info { return b.info }

func (b *Block[T]) describe() *Info {
	i := &Info{Name: b.Name, Doc: b.Doc, Keepalived: b.Keepalived}
	if b.Label != nil {
		i.Label = &b.Label.Attr
	}
	for _, f := range b.Attrs {
		i.Attrs = append(i.Attrs, f.Attr)
	}
	for _, n := range b.Blocks {
		i.Blocks = append(i.Blocks, n.Info)
	}
	return i
}

// Instance is one block of the source, or one that a dynamic block stands for.
type Instance struct {
	Type   string
	Labels []string
	Ranges []hcl.Range // of the labels
	Header hcl.Range   // type and labels
	Body   *hclsyntax.Body
	Whole  bool // for Check: the blocks inside are good too
}

// At is the range of an attribute's value, or that of the header where the attribute is not written.
func (in *Instance) At(name string) hcl.Range {
	if a, ok := in.Body.Attributes[name]; ok {
		return a.Expr.Range()
	}
	return in.Header
}

// Has says whether an attribute is written.
func (in *Instance) Has(name string) bool {
	_, ok := in.Body.Attributes[name]
	return ok
}

// Decode reads a block into t. It is false, and there are diagnostics, when anything in it is wrong; it is also false, without
// a message, when a value is unknown because of a mistake that is reported elsewhere.
func (b *Block[T]) Decode(d *Decoder, in *Instance, t *T) bool {
	before := d.faults
	b.labels(d, in, t)
	typos := b.unknown(d, in)
	for i := range b.Attrs {
		b.attr(d, in, t, &b.Attrs[i], typos)
	}
	own := d.faults == before
	nested := d.faults
	b.nested(d, in, t)
	in.Whole = d.faults == nested
	if own && b.Check != nil {
		b.Check(d, in, t)
	}
	return d.faults == before
}

func (b *Block[T]) attr(d *Decoder, in *Instance, t *T, f *Field[T], typos map[string]bool) {
	a, ok := in.Body.Attributes[f.Name]
	switch {
	case ok:
		if v, good := d.value(&f.Attr, a.Expr); good {
			f.Set(t, v)
		}
	case f.wanted(in) && !typos[f.Name]:
		d.Error(in.Header, "Missing "+f.Name, article(b.Name, true)+" needs "+f.Name+": "+lowerFirst(f.Doc)+"."+example(&f.Attr))
	case f.Default != "":
		f.Set(t, f.def)
	}
}

// wanted says whether an attribute that is not written is missing.
func (a *Attr) wanted(in *Instance) bool {
	return a.Required || len(a.Unless) > 0 && !slices.ContainsFunc(a.Unless, in.Has)
}

func (b *Block[T]) labels(d *Decoder, in *Instance, t *T) {
	switch {
	case b.Label == nil && len(in.Labels) > 0:
		d.Error(in.Ranges[0], "Label not expected", article(b.Name, true)+" has no label: write "+b.Name+" { … }.")
	case b.Label != nil && len(in.Labels) == 0:
		d.Error(in.Header, "Missing label", article(b.Name, true)+" has a label, "+lowerFirst(b.Label.Doc)+": write "+b.Name+" \"…\" { … }.")
	case b.Label != nil && len(in.Labels) > 1:
		d.Error(in.Ranges[1], "One label too many", article(b.Name, true)+" has one label.")
	case b.Label != nil:
		if v, ok := d.convert(&b.label, raw{kind: rawString, str: in.Labels[0], rng: in.Ranges[0]}); ok {
			b.Label.Set(t, v)
		}
	}
}

// unknown reports attributes that the block does not have. What they were probably meant to be is returned, so that it is not
// reported as missing too.
func (b *Block[T]) unknown(d *Decoder, in *Instance) map[string]bool {
	known := 0
	for i := range b.Attrs {
		if _, ok := in.Body.Attributes[b.Attrs[i].Name]; ok {
			known++
		}
	}
	if known == len(in.Body.Attributes) && len(in.Body.Blocks) == 0 {
		return nil
	}
	typos := map[string]bool{}
	for _, blk := range in.Body.Blocks {
		typos[blk.Type] = true
	}
	for _, name := range slices.Sorted(maps.Keys(in.Body.Attributes)) {
		if !slices.ContainsFunc(b.Attrs, func(f Field[T]) bool { return f.Name == name }) {
			typos[d.unknownAttr(b.Info(), name, in.Body.Attributes[name].NameRange)] = true
		}
	}
	return typos
}

func (b *Block[T]) nested(d *Decoder, in *Instance, t *T) {
	var seen map[string]hcl.Range
	for _, blk := range in.Body.Blocks {
		if blk.Type == "dynamic" {
			b.dynamic(d, in, t, blk)
			continue
		}
		n := b.find(blk.Type)
		if n == nil {
			d.unknownBlock(b.Info(), blk)
			continue
		}
		if n.One {
			if first, dup := seen[blk.Type]; dup {
				d.Error(blk.DefRange(), "Second "+blk.Type, article(b.Name, true)+" has one "+blk.Type+", and the first is in line "+strconv.Itoa(d.Line(d.Mark(first)))+": merge the two.")
				continue
			}
			if seen == nil {
				seen = map[string]hcl.Range{}
			}
			seen[blk.Type] = blk.DefRange()
		}
		n.decode(d, t, NewInstance(blk))
	}
}

func (b *Block[T]) find(name string) *Nested[T] {
	for i := range b.Blocks {
		if b.Blocks[i].Info.Name == name {
			return &b.Blocks[i]
		}
	}
	return nil
}

// NewInstance is a block as it stands in the source.
func NewInstance(blk *hclsyntax.Block) *Instance {
	return &Instance{Type: blk.Type, Labels: blk.Labels, Ranges: blk.LabelRanges, Header: blk.DefRange(), Body: blk.Body}
}

// Defaults is what an empty block would be read into.
func (b *Block[T]) Defaults() (t T) {
	for i := range b.Attrs {
		if f := &b.Attrs[i]; f.Default != "" {
			f.Set(&t, f.def)
		}
	}
	return t
}

// Written is the field's default.
func (f *Field[T]) Written() Value { return f.def }
