package schema

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// MaxDynamic is the number of blocks that one dynamic block may stand for.
const MaxDynamic = 4096

// dynamicBlock is the block `dynamic "TYPE"`, with the words of Terraform.
type dynamicBlock struct {
	typ      string
	each     cty.Value
	iterator string
	labels   []hclsyntax.Expression
	content  *hclsyntax.Body
	header   hcl.Range
}

var dynamicInfo = &Info{
	Name: "dynamic", Label: &Attr{Name: "TYPE", Doc: "type of the blocks to make"},
	Doc: "Makes one block for each element of a list or map.",
	Attrs: []Attr{
		{Name: "for_each", Required: true, Doc: "List, set or map; one block is made for each element"},
		{Name: "iterator", Doc: "Name of the element in labels and content; its parts are .key and .value. The block's type if not given"},
		{Name: "labels", Kind: String, List: true, Doc: "Labels of the blocks"},
	},
	Blocks: []*Info{{Name: "content"}},
}

// DynamicInfo describes dynamic blocks for the reference.
func DynamicInfo() *Info { return dynamicInfo }

// dynamic makes the blocks that a dynamic block stands for. It works on the tree itself, so that every message keeps its place.
func (b *Block[T]) dynamic(d *Decoder, in *Instance, t *T, blk *hclsyntax.Block) {
	dyn, ok := d.readDynamic(blk)
	if !ok {
		return
	}
	n := b.find(dyn.typ)
	if n == nil {
		d.unknownBlock(b.Info(), &hclsyntax.Block{Type: dyn.typ, TypeRange: blk.LabelRanges[0]})
		return
	}
	if n.One && dyn.each.LengthInt() > 1 {
		d.Error(dyn.header, "Second "+dyn.typ, article(b.Name, true)+" has one "+dyn.typ+": for_each may have one element at most.")
		return
	}
	for it := dyn.each.ElementIterator(); it.Next(); {
		k, v := it.Element()
		before := len(d.Diags)
		d.iterate(dyn.iterator, k, v, func() {
			if made, ok := d.instance(dyn); ok {
				n.decode(d, t, made)
			}
		})
		if len(d.Diags) > before {
			// The other elements would mostly repeat the same mistake.
			d.Diags[before].Detail += fmt.Sprintf(" (In the block that dynamic %q makes for %s.)", dyn.typ, show(k, v))
			return
		}
	}
}

func show(k, v cty.Value) string {
	for _, x := range []cty.Value{v, k} {
		if x, _ = x.Unmark(); x.IsKnown() && !x.IsNull() && x.Type() == cty.String {
			return fmt.Sprintf("%q", x.AsString())
		}
	}
	return "this element"
}

func (d *Decoder) readDynamic(blk *hclsyntax.Block) (dynamicBlock, bool) {
	dyn := dynamicBlock{header: blk.DefRange()}
	faults := d.faults
	if len(blk.Labels) != 1 {
		d.Error(dyn.header, "Type missing", `A dynamic block names the type of the blocks to make: write dynamic "real_server" { … }.`)
		return dyn, false
	}
	dyn.typ, dyn.iterator = blk.Labels[0], blk.Labels[0]
	for _, name := range slices.Sorted(maps.Keys(blk.Body.Attributes)) {
		d.dynamicAttr(&dyn, blk.Body.Attributes[name])
	}
	for _, inner := range blk.Body.Blocks {
		if inner.Type != "content" || dyn.content != nil {
			d.Error(inner.DefRange(), "Unknown block", "A dynamic block holds one content { … } and nothing else.")
			continue
		}
		dyn.content = inner.Body
	}
	switch {
	case d.faults > faults:
		return dyn, false
	case dyn.each == cty.NilVal:
		d.Error(dyn.header, "Missing for_each", "A dynamic block makes one block for each element of for_each: write for_each = local.NAME.")
	case dyn.content == nil:
		d.Error(dyn.header, "Missing content", "A dynamic block says in content { … } what stands in the blocks it makes.")
	}
	return dyn, d.faults == faults
}

func (d *Decoder) dynamicAttr(dyn *dynamicBlock, a *hclsyntax.Attribute) {
	switch a.Name {
	case "for_each":
		dyn.each = d.forEach(a.Expr)
	case "iterator":
		if dyn.iterator = hcl.ExprAsKeyword(a.Expr); dyn.iterator == "" || dyn.iterator == "local" {
			d.Error(a.Expr.Range(), "Not a name", "iterator is a name of your choice without quotes, other than local.")
		}
	case "labels":
		list, ok := a.Expr.(*hclsyntax.TupleConsExpr)
		if !ok {
			d.Error(a.Expr.Range(), "Wrong type of labels", "labels is a list in brackets: write labels = [\"${NAME.value}\"].")
			return
		}
		dyn.labels = list.Exprs
	default:
		d.unknownAttr(dynamicInfo, a.Name, a.NameRange)
	}
}

func (d *Decoder) forEach(e hclsyntax.Expression) cty.Value {
	v := d.eval(e)
	v, marks := v.Unmark()
	switch {
	case len(marks) > 0:
		d.Error(e.Range(), "Secret not allowed here", "The elements of for_each are part of the plan: a secret cannot be one.")
	case !v.IsKnown():
		d.faults++
	case v.IsNull() || !v.CanIterateElements():
		d.Error(e.Range(), "Wrong type of for_each", "for_each is a list, a set or a map.")
	case v.LengthInt() > MaxDynamic:
		d.Error(e.Range(), "Too many blocks", fmt.Sprintf("for_each has %d elements: a dynamic block may make at most %d.", v.LengthInt(), MaxDynamic))
	default:
		return v
	}
	return cty.NilVal
}

// iterate runs f with the iterator's key and value in scope.
func (d *Decoder) iterate(name string, k, v cty.Value, f func()) {
	outer, had := d.context(), d.inner[name]
	if d.inner == nil {
		d.inner = map[string]bool{}
	}
	d.inner[name] = true
	d.scope = outer.NewChild()
	d.scope.Variables = map[string]cty.Value{name: cty.ObjectVal(map[string]cty.Value{"key": k, "value": v})}
	f()
	d.scope, d.inner[name] = outer, had
}

func (d *Decoder) instance(dyn dynamicBlock) (*Instance, bool) {
	in := &Instance{Type: dyn.typ, Header: dyn.header, Body: dyn.content}
	for _, e := range dyn.labels {
		r := d.read(e)
		switch r.kind {
		case rawUnknown:
			d.faults++
			return nil, false
		case rawString:
			in.Labels, in.Ranges = append(in.Labels, r.str), append(in.Ranges, r.rng)
		case rawSecret:
			d.Error(r.rng, "Secret not allowed here", "A label is part of the plan, which is shown and journaled: write its text.")
			return nil, false
		default:
			d.Error(r.rng, "Label is not a string", "Labels are strings: write \"${…}\" around it.")
			return nil, false
		}
	}
	return in, true
}
