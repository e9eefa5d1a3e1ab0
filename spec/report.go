package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// MaxShown is how many errors are shown; the others are counted.
const MaxShown = 20

// report gathers the diagnostics of a load.
type report struct {
	diags    hcl.Diagnostics
	unplaced map[*hcl.Diagnostic]Pos // finding a place in the text costs time, so only what is shown is placed
	stopped  bool                    // there were too many to go on
}

// at reports an error at a place that is known by line and column only.
func (r *report) at(p Pos, summary, detail string) {
	start := hcl.Pos{Line: int(p.Line), Column: int(p.Col)}
	r.error(hcl.Range{Filename: p.File, Start: start, End: start}, summary, detail)
	if r.unplaced == nil {
		r.unplaced = map[*hcl.Diagnostic]Pos{}
	}
	r.unplaced[r.diags[len(r.diags)-1]] = p
}

// full says that there are more errors than anyone will read.
func (r *report) full() bool { return len(r.diags) > schema.MaxErrors }

func (r *report) error(rng hcl.Range, summary, detail string) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng})
}

func (r *report) failed() bool { return len(r.diags) > 0 }

// silent makes sure that a block which could not be read is never left out without a word.
func (r *report) silent(works []*work) {
	for _, w := range works {
		if w.failed && !r.failed() {
			r.error(rangeIn(w.file.text, w.place().Pos(Mark{Line: 1, Col: 1, Len: 1})), "Value not known", "A value in this block could not be computed: write it out.")
		}
	}
}

// finish orders the diagnostics, drops repetitions and cuts the list.
func (r *report) finish(rangeOf func(Pos) hcl.Range) hcl.Diagnostics {
	slices.SortStableFunc(r.diags, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(strings.Compare(a.Subject.Filename, b.Subject.Filename), cmp.Compare(a.Subject.Start.Line, b.Subject.Start.Line),
			cmp.Compare(a.Subject.Start.Column, b.Subject.Start.Column), strings.Compare(a.Summary, b.Summary), strings.Compare(a.Detail, b.Detail))
	})
	r.diags = slices.CompactFunc(r.diags, func(a, b *hcl.Diagnostic) bool { return *a.Subject == *b.Subject && a.Summary == b.Summary })
	rest := len(r.diags) - MaxShown
	r.diags = r.diags[:min(len(r.diags), MaxShown+1)]
	for _, d := range r.diags {
		if p, ok := r.unplaced[d]; ok {
			*d.Subject = rangeOf(p)
		}
	}
	if rest > 0 {
		more := fmt.Sprint("And ", rest, " more")
		if r.stopped {
			more = "And many more"
		}
		last := *r.diags[MaxShown].Subject
		r.diags = r.diags[:MaxShown]
		r.error(last, more, "This is where the next one is. Mend those above first: some of the rest may be their echo.")
	}
	return r.diags
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
