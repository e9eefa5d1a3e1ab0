// Package pagetest tests pages of benchmarks against what they should look like.
package pagetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Golden writes some results into the page NAME.md of a folder, twice: what people wrote stays, what was written before is replaced. Then
// it compares the page with testdata/page.golden, or writes that file. A folder without the page, and a page without its markers, have
// to be found before.
func Golden(t *testing.T, name string, write func(dir string) error, update bool) {
	t.Helper()
	dir, golden := t.TempDir(), filepath.Join("testdata", "page.golden")
	file := filepath.Join(dir, name+".md")
	if err := page.Check(dir, name); err == nil || !strings.Contains(err.Error(), "--output") {
		t.Errorf("a folder without the page: %v", err)
	}
	put(t, file, "# Title\n")
	if err := page.Check(dir, name); err == nil || !strings.Contains(err.Error(), page.Begin) {
		t.Errorf("a page without markers: %v", err)
	}
	put(t, file, "# Title\n\n"+page.Begin+"\nbefore\n"+page.End+"\nafter\n")
	for range 2 {
		if err := write(dir); err != nil {
			t.Fatal(err)
		}
	}
	got := read(t, file)
	if update {
		put(t, golden, got)
	}
	if want := read(t, golden); got != want {
		t.Errorf("the page is\n%s\nwant\n%s", got, want)
	}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
