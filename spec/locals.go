package spec

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/schema"
	"github.com/zclconf/go-cty/cty"
)

// MaxLocals is how many locals a fleet may have.
const MaxLocals = 4096

// MaxFile is the size of a file that file() reads.
const MaxFile = 64 << 10

// local is one value of a locals block.
type local struct {
	name string
	expr hclsyntax.Expression
	work *work
	rng  hcl.Range
	done bool
	busy bool
}

// evaluateLocals computes the locals of all files, each after those it refers to. One that fails is unknown, and so is what is
// made of it, without a further message.
func (l *load) evaluateLocals() {
	l.env = &schema.Env{File: l.readText}
	all := l.collectLocals()
	values := make(map[string]cty.Value, len(all))
	l.env.Names = make(map[string]bool, len(all))
	for name := range all {
		values[name], l.env.Names[name] = cty.DynamicVal, true
	}
	if len(all) > MaxLocals {
		l.report.error(nowhere(l.files[0].name), "Too many locals", fmt.Sprintf("The fleet has %d locals, and at most %d are possible: put some into one map.", len(all), MaxLocals))
		all = nil
	}
	e := &evaluation{load: l, all: all, values: values}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e.visit(all[name], nil)
	}
	l.env.Locals = cty.ObjectVal(values)
	l.locals = make(map[string]sum, len(values)+1)
	var whole summer
	l.seeds.begin(&whole)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var h summer
		l.seeds.begin(&h)
		writeValue(&h, values[name])
		l.locals[name] = h.sum()
		_, _ = fmt.Fprintf(&whole, "%q%x", name, l.locals[name])
	}
	l.locals["*"] = whole.sum()
}

func (l *load) collectLocals() map[string]*local {
	all := map[string]*local{}
	for _, f := range l.files {
		for i := range f.blocks {
			if b := &f.blocks[i]; b.Type == "locals" {
				l.collect(all, &work{block: b, file: f})
			}
		}
	}
	return all
}

func (l *load) collect(all map[string]*local, w *work) {
	if w.End-w.Start > MaxBlockSize {
		w.diags = hcl.Diagnostics{blockTooLarge(w.file.name, w.End-w.Start)}
		l.env.Broken = true
		l.take(w)
		return
	}
	file, diags := hclsyntax.ParseConfig(w.source(), w.file.name, hcl.Pos{Line: 1, Column: w.Col})
	if diags.HasErrors() {
		w.diags = diags[:1]
		w.relocate(diags[0])
		l.env.Broken = true
		l.take(w)
		return
	}
	d := newDecoder(l.env)
	d.Body(file.Body.(*hclsyntax.Body), func(in *schema.Instance) {
		for _, b := range in.Body.Blocks {
			d.Error(b.DefRange(), "Block in locals", "A locals block holds NAME = VALUE only: remove "+b.Type+", or write it with =.")
		}
		if len(in.Labels) > 0 {
			d.Error(in.Ranges[0], "Label not expected", "A locals block has no label: write locals { … }.")
		}
		for _, a := range attributesOf(in.Body) {
			if first, dup := all[a.Name]; dup {
				d.Error(a.NameRange, "Second local "+a.Name, fmt.Sprintf("local.%s is declared in %s, line %d, already: remove one, or give it another name.", a.Name, first.work.file.name, first.work.Line+first.rng.Start.Line))
				continue
			}
			all[a.Name] = &local{name: a.Name, expr: a.Expr, work: w, rng: a.NameRange}
		}
	})
	w.diags = d.Diags
	l.env.Broken = l.env.Broken || !d.Clean()
	l.take(w)
}

// take puts the diagnostics of a block into the report.
func (l *load) take(w *work) {
	w.absolute()
	l.report.diags = append(l.report.diags, w.diags...)
	w.diags = nil
}

type evaluation struct {
	*load
	all    map[string]*local
	values map[string]cty.Value
}

// visit computes a local after those it refers to; path is how it was reached.
func (e *evaluation) visit(x *local, path []string) {
	path = append(path, x.name)
	if x.busy {
		if !x.done {
			e.cycle(x, path)
		}
		return
	}
	x.busy = true
	for _, t := range schema.References(x.expr) {
		for _, dep := range e.referred(t) {
			e.visit(dep, path)
		}
	}
	if !x.done {
		x.done = true
		e.compute(x)
	}
}

// referred are the locals that a reference needs: one, or all when it takes the whole object.
func (e *evaluation) referred(t hcl.Traversal) []*local {
	if len(t) > 1 {
		if attr, ok := t[1].(hcl.TraverseAttr); ok {
			if dep := e.all[attr.Name]; dep != nil {
				return []*local{dep}
			}
			return nil
		}
	}
	var deps []*local
	for _, name := range slices.Sorted(maps.Keys(e.all)) {
		deps = append(deps, e.all[name])
	}
	return deps
}

func (e *evaluation) cycle(x *local, path []string) {
	ring := path[slices.Index(path, x.name):]
	for _, name := range ring {
		e.all[name].done = true // unknown
	}
	if len(ring) > 8 {
		ring = append(slices.Clone(ring[:4]), "…", ring[len(ring)-1])
	}
	x.work.diags = hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Locals go in a circle", Subject: &x.rng,
		Detail: fmt.Sprintf("local.%s needs itself: break the circle by writing one of the values out.", strings.Join(ring, " needs local."))}}
	e.take(x.work)
}

func (e *evaluation) compute(x *local) {
	needed := map[string]cty.Value{}
	for _, t := range schema.References(x.expr) {
		for _, dep := range e.referred(t) {
			needed[dep.name] = e.values[dep.name]
		}
	}
	env := *e.env
	env.Locals = cty.ObjectVal(needed)
	d := newDecoder(&env)
	v := d.Evaluate(x.expr)
	if why := schema.TooLarge(v); why != "" && d.Clean() {
		d.Error(x.rng, "Value too large", why)
	}
	x.work.diags = d.Diags
	e.take(x.work)
	if d.Clean() {
		e.values[x.name] = v
	}
}

// writeValue writes a value so that different values are written differently.
func writeValue(h io.Writer, v cty.Value) {
	v, marks := v.Unmark()
	for m := range marks {
		_, _ = fmt.Fprintf(h, "secret %q ", m)
	}
	switch {
	case !v.IsKnown() || v.IsNull():
		_, _ = fmt.Fprintf(h, "%#v", v)
	case v.Type() == cty.String:
		_, _ = fmt.Fprintf(h, "%q", v.AsString())
	case v.Type() == cty.Number:
		_, _ = io.WriteString(h, v.AsBigFloat().Text('p', 0))
	case v.Type() == cty.Bool:
		_, _ = fmt.Fprint(h, v.True())
	default:
		_, _ = fmt.Fprintf(h, "%s(", v.Type().FriendlyName())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			writeValue(h, k)
			writeValue(h, e)
		}
		_, _ = io.WriteString(h, ")")
	}
}

// textFile is what file() gave in this load.
type textFile struct {
	text string
	err  error
}

// readText is file(): a file below the folder of the fleet, read once in a load. Decoders call it at the same time.
func (l *load) readText(name string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ok := l.texts[name]
	if !ok {
		f.text, f.err = l.readTextFile(name)
		l.texts[name] = f
	}
	return f.text, f.err
}

func (l *load) readTextFile(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." || path.Clean(name) != name {
		return "", fmt.Errorf("%q: write a path below the folder of the fleet, with no . or .. in it", name)
	}
	info, err := fs.Stat(l.fsys, name)
	switch {
	case err != nil:
		return "", fmt.Errorf("there is no file %q below the folder of the fleet", name)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%q is not a file", name)
	case info.Size() > MaxFile:
		return "", fmt.Errorf("%q is larger than %d KiB", name, MaxFile>>10)
	}
	text, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		return "", fmt.Errorf("read %q: %w", name, err)
	}
	if len(text) > MaxFile {
		return "", fmt.Errorf("%q is larger than %d KiB", name, MaxFile>>10)
	}
	return string(text), nil
}

// textSum is the sum of what file() gives. The id of a blob stands for its text, unless that could not be had.
func (l *load) textSum(name string) sum {
	if id, ok := l.blobID(name); ok && !l.failedText(name) {
		return l.seeds.sum([]byte("blob " + id))
	}
	text, err := l.readText(name)
	if err != nil {
		return l.seeds.sum([]byte("error " + err.Error()))
	}
	return l.seeds.sum([]byte("text " + text))
}

// failedText tells whether file() failed in this load.
func (l *load) failedText(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.texts[name].err != nil
}
