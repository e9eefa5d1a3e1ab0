package journal_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/reconcile/journal"
)

// The pages of a journal, one after the other, are the journal, whatever bounds each.
func TestPagesAreTheJournal(t *testing.T) {
	for name, c := range map[string]struct {
		records, text int // how many, and of how many bytes each has a text
		pages         int
	}{
		"by number": {2*journal.MaxPage + 500, 1, 3},
		"by size":   {20, 60 << 10, 2},
		"empty":     {0, 0, 1},
		"exactly":   {journal.MaxPage, 1, 2}, // that nothing follows shows in an empty one
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := open(t, dir, journal.Options{SegmentSize: 100 << 10})
			recs := make([]journal.Record, c.records)
			for i := range recs {
				recs[i] = journal.Record{Event: journal.Refused, Diagnostics: strings.Repeat("x", c.text)}
			}
			for len(recs) > 0 {
				n := min(len(recs), 10)
				put(t, j, recs[:n]...)
				recs = recs[n:]
			}
			got, pages := paged(t, dir, journal.Filter{})
			if want := whole(t, dir); got != want {
				t.Errorf("%d pages of %d bytes, the journal has %d", pages, len(got), len(want))
			}
			if pages != c.pages {
				t.Errorf("%d pages, want %d", pages, c.pages)
			}
		})
	}
}

// A filter that lets nothing pass does not have one page read all of a long journal.
func TestPageLooksAtSoMuch(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{})
	for range 20 {
		recs := make([]journal.Record, 20)
		for i := range recs {
			recs[i] = journal.Record{Event: journal.Refused, Commit: "aa", Diagnostics: strings.Repeat("x", 60<<10)}
		}
		put(t, j, recs...)
	}
	put(t, j, journal.Record{Event: journal.Started, Commit: "bb"})
	first, err := journal.ReadPage(dir, journal.Filter{Commit: "bb"})
	if err != nil || len(first.Lines) != 0 || first.Next == 0 || first.Next > 300 {
		t.Errorf("%d lines, next %d, %v", len(first.Lines), first.Next, err)
	}
	got, _ := paged(t, dir, journal.Filter{Commit: "bb"})
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, `"event":"started"`) {
		t.Errorf("got %.200s", got)
	}
}

func TestPageOfAnAlteredJournal(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 3, journal.Options{})
	edit(t, segment(dir, 1), func(lines []string) []string { lines[1] = "something else\n"; return lines })
	if _, err := journal.ReadPage(dir, journal.Filter{}); err == nil || !strings.Contains(err.Error(), "00000001.jsonl at byte") {
		t.Errorf("got %v", err)
	}
}

func paged(t *testing.T, dir string, f journal.Filter) (text string, pages int) {
	t.Helper()
	var b strings.Builder
	for {
		p, err := journal.ReadPage(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, l := range p.Lines {
			b.WriteString(l + "\n")
		}
		if p.Next == 0 {
			return b.String(), pages
		}
		if p.Next <= f.After {
			t.Fatalf("page after %d goes on after %d", f.After, p.Next)
		}
		f.After = p.Next
	}
}

func whole(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for n := 1; ; n++ {
		text, err := os.ReadFile(fmt.Sprintf("%s/%08d.jsonl", dir, n))
		if os.IsNotExist(err) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
}
