package policies_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"golang.org/x/tools/txtar"

	"github.com/lbsync/lbsync/policies"
	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// Each script is a fleet for which policies stand, and what is said of it. rules.hcl is put before every other fleet; accepted.hcl is
// the fleet that the directors hold. NAME.hcl is judged, brought by the commit in NAME.commit, or by that in commit, or by none.
func TestOwnRules(t *testing.T) {
	paths, err := filepath.Glob("testdata/own/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { ownScript(t, path) })
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func ownScript(t *testing.T, path string) {
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range ar.Files {
		files[f.Name] = string(f.Data)
	}
	out := &txtar.Archive{Comment: ar.Comment}
	for _, f := range ar.Files {
		name, isFleet := strings.CutSuffix(f.Name, ".hcl")
		if strings.HasSuffix(f.Name, ".txt") {
			continue
		}
		out.Files = append(out.Files, f)
		if !isFleet || name == "rules" || name == "accepted" {
			continue
		}
		got := verdict(policies.Check(inputOf(t, files, name)))
		out.Files = append(out.Files, txtar.File{Name: name + ".txt", Data: []byte(got)})
		if diff := cmp.Diff(files[name+".txt"], got); diff != "" && !updating() {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
	}
	if updating() {
		if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func inputOf(t *testing.T, files map[string]string, name string) policies.Input {
	t.Helper()
	in := policies.Input{Fleet: loadText(t, name+".hcl", files["rules.hcl"]+files[name+".hcl"])}
	if text, ok := files["accepted.hcl"]; ok {
		accepted := loadText(t, "accepted.hcl", files["rules.hcl"]+text)
		for _, d := range accepted.Directors {
			v, _ := accepted.Director(d.Def.Name)
			in.Priors = append(in.Priors, v)
		}
		in.Changes = func() map[string][]spec.Change { return reconcile.Changes(in.Priors, in.Fleet) }
	}
	for _, file := range []string{name + ".commit", "commit"} {
		if text, ok := files[file]; ok {
			in.Commit = commitOf(t, text)
			break
		}
	}
	return in
}

func loadText(t *testing.T, name, text string) *spec.Fleet {
	t.Helper()
	fleet, diags := spec.LoadText(name, text)
	if fleet == nil {
		t.Fatalf("%s: %v", name, diags)
	}
	return fleet
}

// commitOf reads "Author <email>" and a time, each a line, then the subject, and the body behind a blank line.
func commitOf(t *testing.T, text string) *spec.Commit {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	when, err := time.Parse(time.RFC3339, lines[1])
	if err != nil || len(lines) != 3 {
		t.Fatalf("commit %q: %v", text, err)
	}
	author, email, _ := strings.Cut(strings.TrimSuffix(lines[0], ">"), " <")
	return &spec.Commit{ID: strings.Repeat("1", 40), Author: author, Email: email, When: when, Subject: lines[2], Body: strings.TrimSpace(body)}
}

// verdict is what rules found, those of the program that only advise left out.
func verdict(out policies.Outcome) string {
	var b strings.Builder
	for _, d := range out.Diags {
		broken, own := spec.BrokenBy(d)
		if own && broken.Level == spec.Advise && broken.At == (spec.Pos{}) {
			continue
		}
		where := ""
		if d.Subject != nil {
			where = fmt.Sprintf("%s:%d: ", d.Subject.Filename, d.Subject.Start.Line)
		}
		fmt.Fprintf(&b, "%s %s%s\n", map[hcl.DiagnosticSeverity]string{hcl.DiagError: "error", hcl.DiagWarning: "warning"}[d.Severity], where, d.Summary)
		if d.Detail != "" {
			fmt.Fprintf(&b, "    %s\n", d.Detail)
		}
		if own {
			fmt.Fprintf(&b, "    %s, level %s: %s%s\n", broken.Rule, broken.Level, broken.Meaning, broken.At)
		}
	}
	for _, s := range out.Skipped {
		if !policies.IsBuiltIn(s.Rule) {
			fmt.Fprintf(&b, "skipped %s: %s\n", s.Rule, s.Why)
		}
	}
	for _, o := range out.Overridden {
		fmt.Fprintf(&b, "overridden %s by %s: %s\n", o.Rule, o.Author, o.Reason)
	}
	return b.String()
}
