package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// MaxShown is how many errors are shown; the others are counted.
const MaxShown = 20

// report gathers the diagnostics of a load.
type report struct {
	diags hcl.Diagnostics
}

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
func (r *report) finish() hcl.Diagnostics {
	slices.SortStableFunc(r.diags, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(strings.Compare(a.Subject.Filename, b.Subject.Filename), cmp.Compare(a.Subject.Start.Line, b.Subject.Start.Line),
			cmp.Compare(a.Subject.Start.Column, b.Subject.Start.Column), strings.Compare(a.Summary, b.Summary), strings.Compare(a.Detail, b.Detail))
	})
	r.diags = slices.CompactFunc(r.diags, func(a, b *hcl.Diagnostic) bool { return *a.Subject == *b.Subject && a.Summary == b.Summary })
	if rest := len(r.diags) - MaxShown; rest > 0 {
		last := *r.diags[MaxShown].Subject
		r.diags = r.diags[:MaxShown]
		r.error(last, fmt.Sprintf("And %d more", rest), "This is where the next one is. Mend those above first: some of the rest may be their echo.")
	}
	return r.diags
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
