// Package examples_test keeps the examples true: each folder is a whole fleet that loads, passes every policy and its own tests, and plans as its
// plan.golden says, on directors whose kernels are empty.
package examples_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "write the plan.golden files")

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("*/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		if dir := filepath.Dir(f); !seen[dir] {
			seen[dir] = true
			t.Run(dir, func(t *testing.T) { example(t, dir) })
		}
	}
}

func example(t *testing.T, dir string) {
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Errorf("an example says what it is for: %v", err)
	}
	for _, f := range hclFiles(t, dir) {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(spec.FormatHCL(src), src) {
			t.Errorf("%s is not as `lbsync fmt` writes it", f)
		}
	}
	fleet, _, diags := spec.LoadFS(os.DirFS(dir))
	if fleet != nil {
		diags = append(diags, policies.Check(policies.Input{Fleet: fleet}).Diags...)
		diags = append(diags, policies.Tests(policies.TestInput{Fleet: fleet, Changes: reconcile.Changes})...)
	}
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	golden(t, filepath.Join(dir, "plan.golden"), plans(t, fleet))
}

func hclFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// plans is what `lbsync diff --full` would show on each director of the fleet.
func plans(t *testing.T, fleet *spec.Fleet) []byte {
	t.Helper()
	var all []view.DirectorDiff
	for _, d := range fleet.Directors {
		v, _ := fleet.Director(d.Def.Name)
		want, holds := reconcile.Want(v, spec.Facts{})
		diff := view.NewDirectorDiff(reconcile.NewPlan(reconcile.PlanInput{Director: d.Def.Name, Want: want, Holds: holds}), nil)
		diff.From, diff.To = "empty", "example"
		all = append(all, diff)
	}
	doc := view.NewDiff(time.Time{}, all)
	doc.Full = true
	var out bytes.Buffer
	if err := (&view.Printer{Out: &out}).Print(doc); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; `make examples` writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); `make examples` writes it:\n%s", path, diff)
	}
}
