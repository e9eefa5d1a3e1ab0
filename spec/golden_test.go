package spec_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what is printed into the golden files")

// TestDiagnostics loads each NAME.hcl of the archives, put in the place of @@ in template.hcl, and compares what is said about it
// with NAME.golden. Other files of an archive stand beside the fleet.
func TestDiagnostics(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { archive(t, path) })
	}
}

func archive(t *testing.T, path string) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	template, want := "@@\n", map[string]string{}
	beside := fstest.MapFS{}
	for _, f := range a.Files {
		switch {
		case f.Name == "template.hcl":
			template = string(f.Data)
		case strings.HasSuffix(f.Name, ".golden"):
			want[strings.TrimSuffix(f.Name, ".golden")] = string(f.Data)
		case !strings.HasSuffix(f.Name, ".hcl"):
			beside[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	out := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if strings.HasSuffix(f.Name, ".golden") {
			continue
		}
		out.Files = append(out.Files, f)
		name, ok := strings.CutSuffix(f.Name, ".hcl")
		if !ok || name == "template" {
			continue
		}
		text := strings.Replace(template, "@@\n", string(f.Data), 1)
		got := said(text, beside)
		out.Files = append(out.Files, txtar.File{Name: name + ".golden", Data: []byte(got)})
		if got != want[name] && !*update {
			t.Errorf("%s: got\n%swant\n%s", name, got, want[name])
		}
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(out), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func said(text string, beside fstest.MapFS) string {
	if strings.Contains(text, "source \"git\"") {
		_, diags := spec.LoadAgentConfig("agent.hcl", []byte(text))
		return printed(map[string]*hcl.File{"agent.hcl": {Bytes: []byte(text)}}, diags)
	}
	fsys := fstest.MapFS{"fleet.hcl": {Data: []byte(text)}}
	for name, f := range beside {
		fsys[name] = f
	}
	fleet, sources, diags := spec.LoadFS(fsys)
	if (fleet == nil) != diags.HasErrors() {
		return "a fleet with errors, or none without\n"
	}
	return printed(sources.Files(), diags)
}

// printed is severity, place, the marked text, summary and detail of each diagnostic.
func printed(files map[string]*hcl.File, diags hcl.Diagnostics) string {
	var b strings.Builder
	for _, d := range diags {
		marked := ""
		if f := files[d.Subject.Filename]; f != nil && d.Subject.End.Byte <= len(f.Bytes) {
			marked, _, _ = strings.Cut(string(f.Bytes[d.Subject.Start.Byte:d.Subject.End.Byte]), "\n")
		}
		fmt.Fprintf(&b, "%s %s:%d «%s» %s\n    %s\n", map[hcl.DiagnosticSeverity]string{hcl.DiagError: "error", hcl.DiagWarning: "warning"}[d.Severity], d.Subject.Filename, d.Subject.Start.Line, marked, d.Summary, d.Detail)
	}
	return b.String()
}
