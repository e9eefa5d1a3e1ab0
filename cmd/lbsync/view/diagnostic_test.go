package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lbsync/lbsync/spec"
)

const source = "cluster \"codis\" {\n\tconnection_sync {\n    syncid = 11 # ünïcode\n  }\n}\n"

func mistakes(t *testing.T) (hcl.Diagnostics, map[string]*hcl.File) {
	t.Helper()
	f, diags := hclsyntax.ParseConfig([]byte(source), "codis.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	span := func(file string, line, from, to int) *hcl.Range {
		return &hcl.Range{Filename: file, Start: hcl.Pos{Line: line, Column: from}, End: hcl.Pos{Line: line, Column: to}}
	}
	return hcl.Diagnostics{
		{Severity: hcl.DiagWarning, Summary: "lone-sync-group: a group of one", Subject: span("web.hcl", 9, 1, 4),
			Extra: spec.Broken{Rule: "lone-sync-group", Level: spec.Advise, Meaning: "A vrrp_sync_group has at least two instances: one of one moves nothing together, and its notify is a trap."}},
		{Severity: hcl.DiagError, Summary: "duplicate-syncid: 11 is used twice", Subject: span("codis.hcl", 3, 14, 16),
			Detail: "The cluster \"web\" (web.hcl:4) uses it on the same segment, so each director would take the other's connections. Choose another id, or name the segments of the ports.\nFree ids: 12, 13.",
			Extra:  spec.Broken{Rule: "duplicate-syncid", Level: spec.Deny, At: spec.Pos{File: "codis.hcl", Line: 1, Col: 1, Len: 15}}},
		{Severity: hcl.DiagError, Summary: "a tab", Subject: span("codis.hcl", 2, 2, 17)},
		{Severity: hcl.DiagError, Summary: "no place"},
	}, map[string]*hcl.File{"codis.hcl": f}
}

func TestDiagnostics(t *testing.T) {
	diags, files := mistakes(t)
	for _, c := range []struct {
		name  string
		color bool
	}{{"diagnostics.txt", false}, {"diagnostics_color.txt", true}} {
		var b bytes.Buffer
		if err := (&Printer{Err: &b, ColorErr: c.color}).Diagnostics(diags, files); err != nil {
			t.Fatal(err)
		}
		golden(t, c.name, b.Bytes())
	}
	both(t, "validation", NewValidation(Coverage{Clusters: 2, Directors: 5, Rules: 8}, diags))
	text(t, "validation_ok.txt", NewValidation(Coverage{Clusters: 1, Directors: 2, Rules: 8, Skipped: []SkippedRule{{"a", "no facts"}, {"b", "no commit"}, {"c", "no facts"}}}, nil), false)
}

func TestManyDiagnosticsAreCounted(t *testing.T) {
	var diags hcl.Diagnostics
	for i := range 50 {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprint("mistake ", i)})
	}
	var b bytes.Buffer
	if err := (&Printer{Err: &b}).Diagnostics(diags, nil); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "Error:"); n != shown || !strings.Contains(b.String(), "… and 30 findings more") {
		t.Errorf("%d shown of 50, %d wanted:\n%s", n, shown, b.String())
	}
}

// A range that points behind a line, or a line that is not there, must not break the report of it.
func TestWildRanges(t *testing.T) {
	_, files := mistakes(t)
	for _, r := range []hcl.Range{
		{Filename: "codis.hcl", Start: hcl.Pos{Line: 1, Column: 500}, End: hcl.Pos{Line: 1, Column: 600}},
		{Filename: "codis.hcl", Start: hcl.Pos{Line: 99, Column: 1}, End: hcl.Pos{Line: 99, Column: 2}},
		{Filename: "codis.hcl", Start: hcl.Pos{Line: 1, Column: 9}, End: hcl.Pos{Line: 5, Column: 1}},
		{Filename: "codis.hcl"},
	} {
		var b bytes.Buffer
		if err := (&Printer{Err: &b}).Diagnostics(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "x", Subject: &r}}, files); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "on codis.hcl line ") {
			t.Errorf("%v: %s", r, b.String())
		}
	}
}

// TestExcerptOfLongLine: a line may be megabytes long, and end as on Windows; what is shown is what stands around the range.
func TestExcerptOfLongLine(t *testing.T) {
	for _, c := range []struct{ before, after int }{{3, 1 << 20}, {1 << 20, 1 << 20}, {1 << 20, 3}, {0, 0}} {
		src := strings.Repeat("a", c.before) + "WRONG" + strings.Repeat("b", c.after) + "\r\n"
		at := hcl.Range{Filename: "f.hcl", Start: hcl.Pos{Line: 1, Column: c.before + 1}, End: hcl.Pos{Line: 1, Column: c.before + 6}}
		var b bytes.Buffer
		diags := hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "s", Subject: &at}}
		if err := (&Printer{Err: &b}).Diagnostics(diags, map[string]*hcl.File{"f.hcl": {Bytes: []byte(src)}}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		line, marks := []rune(lines[4]), []rune(lines[5])
		if len(line) > maxLine+len("│    1: ") || strings.ContainsAny(lines[4], "\r\ufffd") {
			t.Errorf("%+v: %d characters: %.200s", c, len(line), lines[4])
		}
		i := strings.IndexRune(string(marks), '^')
		if i < 0 || !strings.HasPrefix(string(line[len([]rune(string(marks)[:i])):]), "WRONG") || strings.Count(string(marks), "^") != 5 {
			t.Errorf("%+v: the marks are elsewhere:\n%s\n%s", c, lines[4], lines[5])
		}
	}
}
