package view

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// golden compares with testdata/NAME, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// both compares the text and the JSON of a document.
func both(t *testing.T, name string, d Document) {
	t.Helper()
	text(t, name+".txt", d, false)
	var b bytes.Buffer
	if err := (&Printer{Out: &b, JSON: true}).Print(d); err != nil {
		t.Fatal(err)
	}
	golden(t, name+".json", b.Bytes())
}

func text(t *testing.T, name string, d Document, color bool) {
	t.Helper()
	var b bytes.Buffer
	if err := (&Printer{Out: &b, ColorOut: color}).Print(d); err != nil {
		t.Fatal(err)
	}
	golden(t, name, b.Bytes())
}
