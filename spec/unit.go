package spec

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/plain"
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// unit is what a block was read into. It does not change, and holds for as long as the locals and files it used do not.
type unit struct {
	def   any // *Director, *Operator, *Policy, *PolicyTest, *shell, *VirtualServer or *VRRPInstance
	refs  []string
	files []string
	used  sum // of their values
	steps int
}

// work is a block of this load.
type work struct {
	*block
	file   *source
	parent *work // the cluster of a kid
	unit   *unit
	failed bool
	cached bool
	diags  hcl.Diagnostics
}

func (w *work) place() Place { return Place{File: w.file.name, Base: uint32(w.Line)} }

// works lists the blocks, with the units of those that are known.
func (l *load) works() []*work {
	out := make([]*work, 0, l.blockCount())
	for _, f := range l.files {
		for i := range f.blocks {
			b := &f.blocks[i]
			if b.Type == "locals" {
				continue
			}
			w := &work{block: b, file: f}
			out = append(out, w)
			for k := range b.kids {
				out = append(out, &work{block: &b.kids[k], file: f, parent: w})
			}
		}
	}
	if len(out) > MaxBlocks {
		l.report.error(nowhere(l.files[0].name), "Too many blocks", fmt.Sprintf("The fleet has %d blocks, and at most %d are possible: use address ranges, firewall marks or dynamic blocks.", len(out), MaxBlocks))
		return nil
	}
	for _, w := range out {
		u := w.block.unit
		if u == nil {
			u = l.units[w.key]
		}
		if u != nil && u.used == l.usedBy(u.refs, u.files) {
			w.unit, w.cached, w.block.unit = u, true, u
		}
	}
	return out
}

// blockCount is how many blocks there are, those in clusters too.
func (l *load) blockCount() int {
	n := 0
	for _, f := range l.files {
		if f.content == nil {
			continue
		}
		n += len(f.blocks)
		for i := range f.blocks {
			n += len(f.blocks[i].kids)
		}
	}
	return n
}

// usedBy sums up the values of locals and files.
func (l *load) usedBy(refs, files []string) (s sum) {
	if len(refs)+len(files) == 0 {
		return s
	}
	var h summer
	l.seeds.begin(&h)
	for _, name := range refs {
		_, _ = fmt.Fprintf(&h, "%q%x", name, l.locals[name])
	}
	for _, name := range files {
		_, _ = fmt.Fprintf(&h, "%q%x", name, l.textSum(name))
	}
	return h.sum()
}

// decode reads the blocks that are not known, on as many threads as there are; more than four would hold too many trees at once.
func (l *load) decode(works []*work) {
	var next, steps, errors atomic.Int64
	var todo []*work
	for _, w := range works {
		if w.cached {
			steps.Add(int64(w.unit.steps))
		} else {
			todo = append(todo, w)
		}
	}
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4, len(todo)) {
		group.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(len(todo)) || steps.Load() > maxSteps || errors.Load() > schema.MaxErrors {
					return
				}
				l.decodeOne(todo[i])
				steps.Add(int64(todo[i].unit.steps))
				errors.Add(int64(len(todo[i].diags)))
			}
		})
	}
	group.Wait()
	for _, w := range works {
		l.report.diags = append(l.report.diags, w.diags...)
		w.failed = w.failed || w.unit == nil
	}
	l.report.stopped = errors.Load() >= schema.MaxErrors
	l.report.silent(works)
	if steps.Load() > maxSteps {
		l.report.error(nowhere(works[0].file.name), "Fleet too large", "All expressions together need too many steps. Use smaller collections in for expressions and dynamic blocks.")
	}
}

// decodeOne parses and reads a block. The tree is dropped at once: it is some 25 times as large as its source.
func (l *load) decodeOne(w *work) {
	w.unit = &unit{}
	text := w.source()
	if len(text) > MaxBlockSize {
		w.failed = true
		w.diags = hcl.Diagnostics{blockTooLarge(w.file.name, len(text))}
		w.absolute()
		return
	}
	body, diags := w.parse(text)
	if diags.HasErrors() {
		// What follows the first syntax error is mostly its echo.
		w.failed, w.diags = true, diags[:1]
		w.relocate(diags[0])
		w.absolute()
		return
	}
	d := newDecoder(l.env)
	d.Above, d.Text = w.Line, text
	if len(w.kids) > 0 {
		d.Lines = w.line
	}
	d.Body(body, func(in *schema.Instance) { w.unit.def = decodeBlock(d, in, w.parent != nil) })
	w.unit.steps = d.Spent
	w.unit.refs, w.unit.files = sorted(d.Refs), sorted(d.Files)
	w.unit.used = l.usedBy(w.unit.refs, w.unit.files)
	w.diags, w.failed = d.Diags, !d.Clean()
	w.absolute()
}

// parse reads the text of a block. hclsyntax costs many times as much as reading what is plain, and gives the same tree.
func (w *work) parse(text []byte) (*hclsyntax.Body, hcl.Diagnostics) {
	start := hcl.Pos{Line: 1, Column: w.Col}
	if body, ok := plain.Parse(text, w.file.name, start); ok {
		return body, nil
	}
	file, diags := hclsyntax.ParseConfig(text, w.file.name, start)
	return file.Body.(*hclsyntax.Body), diags
}

func sorted(set map[string]bool) []string {
	if len(set) == 0 {
		return nil
	}
	out := make([]string, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func blockTooLarge(file string, size int) *hcl.Diagnostic {
	rng := hcl.Range{Filename: file, Start: hcl.Pos{Line: 1, Column: 1}, End: hcl.Pos{Line: 1, Column: 2, Byte: 1}}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Block too large", Subject: &rng,
		Detail: "A block may have at most 512 KiB, not counting the virtual servers and instances of a cluster. Split it."}
}

// source is the text of a block without the kids that are read by themselves.
func (w *work) source() []byte {
	if len(w.kids) == 0 {
		return w.file.text[w.Start:w.End]
	}
	var out []byte
	from := w.Start
	for _, k := range w.kids {
		out = append(out, w.file.text[from:k.Start]...)
		from = k.End
	}
	return append(out, w.file.text[from:w.End]...)
}

// line maps a line of source to that of the block with its kids.
func (w *work) line(n int) int {
	removed := 0
	for _, k := range w.kids {
		if k.Line-w.Line-removed >= n {
			break
		}
		removed += k.Lines
	}
	return n + removed
}

// offset maps an offset in source to one in the file.
func (w *work) offset(n int) int {
	at := w.Start + n
	for _, k := range w.kids {
		if k.Start > at {
			break
		}
		at += k.End - k.Start
	}
	return at
}

// hclPlace is how hcl's own messages name a place.
var hclPlace = regexp.MustCompile(`:(\d+),\d+(-\d+)?`)

// relocate corrects the places that a syntax error names in its text.
func (w *work) relocate(d *hcl.Diagnostic) {
	d.Detail = hclPlace.ReplaceAllStringFunc(d.Detail, func(s string) string {
		n, _ := strconv.Atoi(hclPlace.FindStringSubmatch(s)[1])
		return ":" + strconv.Itoa(w.Line+w.line(n))
	})
}

// absolute turns the ranges of diagnostics, which are those of source, into ranges of the file.
func (w *work) absolute() {
	for _, d := range w.diags {
		if d.Subject == nil {
			rng := hcl.Range{Filename: w.file.name, Start: hcl.InitialPos, End: hcl.InitialPos}
			d.Subject = &rng
		}
		for _, p := range []*hcl.Pos{&d.Subject.Start, &d.Subject.End} {
			p.Line = w.Line + w.line(p.Line)
			p.Byte = w.offset(p.Byte)
		}
		d.Context, d.Expression, d.EvalContext = nil, nil, nil
	}
	sort.SliceStable(w.diags, func(i, j int) bool { return w.diags[i].Subject.Start.Byte < w.diags[j].Subject.Start.Byte })
}
