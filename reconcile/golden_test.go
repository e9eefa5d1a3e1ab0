package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/reconciletest"
	"github.com/lbsync/lbsync/spec"
)

// Each testdata/*.txtar is a scenario: the files want, live, prior (what was applied before; none: nothing was), owned and fail (keys
// whose changes fail) lead to the files plan and after.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) { scenario(t, f) })
	}
}

func scenario(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, fail := readScenario(t, ar)
	plan := reconcile.NewPlan(in)
	target := reconciletest.New(in.Live)
	target.Inject(func(_ int, c spec.Change) error {
		if slices.Contains(fail, c.Key.String()) {
			return errInjected
		}
		return nil
	})
	out := reconcile.Execute(context.Background(), target, plan, quiet)
	golden(t, ar, file, "plan", printPlan(plan))
	golden(t, ar, file, "after", printOutcome(out)+target.String())
}

func readScenario(t *testing.T, ar *txtar.Archive) (in reconcile.PlanInput, fail []string) {
	for _, f := range ar.Files {
		var err error
		switch f.Name {
		case "want":
			in.Want, err = reconciletest.Parse(string(f.Data))
		case "live":
			in.Live, err = reconciletest.Parse(string(f.Data))
		case "prior":
			in.Prior = new(spec.State)
			*in.Prior, err = reconciletest.Parse(string(f.Data))
		case "owned":
			err = in.Owned.UnmarshalText(f.Data)
		case "fail":
			fail = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case "plan", "after":
		default:
			err = fmt.Errorf("is not part of a scenario")
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return in, fail
}

func golden(t *testing.T, ar *txtar.Archive, file, name, got string) {
	i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		ar.Files = append(ar.Files, txtar.File{Name: name})
		i = len(ar.Files) - 1
	}
	if *reconcile.Update {
		ar.Files[i].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(string(ar.Files[i].Data), got); d != "" {
		t.Errorf("%s (-golden +got):\n%s", name, d)
	}
}

func printPlan(p spec.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d changes, risk: %s\n", p.Changes(), p.Risk())
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s\n", s.Phase)
		for _, c := range s.Changes {
			fmt.Fprintf(&b, "  %c %s %s (by %s, %s)%s\n", c.Action, c.Key.Kind(), c.Key, c.Reason, c.Risk, printFields(c))
		}
	}
	for _, f := range p.Foreign {
		fmt.Fprintf(&b, "foreign: %s %s\n", f.Key.Kind(), f.Key)
	}
	return b.String()
}

func printFields(c spec.Change) string {
	if c.Action != spec.Edit {
		return ""
	}
	var b strings.Builder
	for _, f := range c.Fields() {
		fmt.Fprintf(&b, " %s: %s -> %s", f.Name, f.Before, f.After)
	}
	return b.String()
}

func printOutcome(o reconcile.Outcome) string {
	var b strings.Builder
	for _, f := range o.Failed {
		fmt.Fprintf(&b, "# failed: %v\n", f.Err)
	}
	for _, f := range o.Skipped {
		fmt.Fprintf(&b, "# skipped: %s %s: %v\n", f.Change.Action, f.Change.Key, f.Err)
	}
	return b.String()
}
