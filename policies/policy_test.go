package policies

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"golang.org/x/tools/txtar"

	"github.com/lbsync/lbsync/spec"
)

var update = flag.Bool("update", false, "write what the rules say into the scripts")

// Each rule has a script of its name with fleets that pass (pass*.hcl) and fleets that break it (break*.hcl), and for each of these
// what the rule says (break*.txt). prior.hcl is the fleet whose directors hold their parts of it already, facts.json what they know.
func TestRules(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Name(), func(t *testing.T) { script(t, p) })
	}
}

func script(t *testing.T, p Policy) {
	path := filepath.Join("testdata", p.Name()+".txtar")
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatalf("each rule has a script: %v", err)
	}
	priors, facts := priors(t, ar), facts(t, ar)
	passing, breaking := 0, 0
	for _, f := range ar.Files {
		said := ""
		switch {
		case strings.HasPrefix(f.Name, "pass"):
			passing++
		case strings.HasPrefix(f.Name, "break") && strings.HasSuffix(f.Name, ".hcl"):
			breaking++
			said = string(section(ar, strings.TrimSuffix(f.Name, ".hcl")+".txt"))
		default:
			continue
		}
		got := says(t, p, Input{Fleet: load(t, f), Priors: priors, Facts: facts})
		if *update && strings.HasPrefix(f.Name, "break") {
			set(ar, strings.TrimSuffix(f.Name, ".hcl")+".txt", got)
		} else if diff := cmp.Diff(said, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
		if strings.HasPrefix(f.Name, "break") && got == "" {
			t.Errorf("%s breaks nothing", f.Name)
		}
	}
	if passing == 0 || breaking == 0 {
		t.Errorf("%s has %d passing and %d breaking fleets; want at least one of each", path, passing, breaking)
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, f txtar.File) *spec.Fleet {
	t.Helper()
	fleet, _, diags := spec.LoadFS(fstest.MapFS{f.Name: {Data: f.Data}})
	if fleet == nil {
		t.Fatalf("%s: %v", f.Name, diags)
	}
	return fleet
}

func priors(t *testing.T, ar *txtar.Archive) []spec.View {
	t.Helper()
	var out []spec.View
	for _, f := range ar.Files {
		if f.Name == "prior.hcl" {
			fleet := load(t, f)
			for _, d := range fleet.Directors {
				v, _ := fleet.Director(d.Def.Name)
				out = append(out, v)
			}
		}
	}
	return out
}

func facts(t *testing.T, ar *txtar.Archive) map[string]spec.HostFacts {
	t.Helper()
	text := section(ar, "facts.json")
	if text == nil {
		return nil
	}
	var out map[string]spec.HostFacts
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("facts.json: %v", err)
	}
	return out
}

func says(t *testing.T, p Policy, in Input) string {
	t.Helper()
	if n, ok := p.(Needy); ok {
		if why := n.Lacks(&in); why != "" {
			t.Fatalf("the rule cannot be judged: %s", why)
		}
	}
	var b strings.Builder
	for _, f := range p.Check(&in) {
		where := ""
		if f.At != (spec.Pos{}) {
			where = fmt.Sprintf("%s:%d: ", f.At.File, f.At.Line)
		}
		fmt.Fprintf(&b, "%s %s%s\n    %s\n", p.Level(), where, f.Summary, f.Detail)
	}
	return b.String()
}

func section(ar *txtar.Archive, name string) []byte {
	for _, f := range ar.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func set(ar *txtar.Archive, name, text string) {
	for i, f := range ar.Files {
		if f.Name == name {
			ar.Files[i].Data = []byte(text)
			return
		}
	}
	ar.Files = append(ar.Files, txtar.File{Name: name, Data: []byte(text)})
}

func TestCheckNamesTheRule(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/lone-sync-group.txtar")
	if err != nil {
		t.Fatal(err)
	}
	f := txtar.File{Name: "break.hcl", Data: section(ar, "break.hcl")}
	out := Check(Input{Fleet: load(t, f)})
	var said []string
	for _, d := range out.Diags {
		rule, _, _ := strings.Cut(d.Summary, ": ")
		said = append(said, rule)
		b, ok := spec.BrokenBy(d)
		if !ok || b.Rule != rule || b.Meaning == "" || (b.Level == spec.Advise) != (d.Severity == hcl.DiagWarning) {
			t.Errorf("%s carries %+v", d.Summary, d.Extra)
		}
	}
	if want := []string{"lone-sync-group", "empty-director", "empty-director", "director-without-key"}; !slices.Equal(said, want) {
		t.Errorf("the diagnostics begin with %q, want %q", said, want)
	}
	if skipped := len(out.Skipped); len(out.Ran)+skipped != len(All()) || !slices.Contains(out.Skipped, Skipped{"prevent-destroy", "no accepted commit to compare with"}) {
		t.Errorf("%d run, skipped %+v", len(out.Ran), out.Skipped)
	}
}

// A rule that finds thousands says some of them, and how many it left out; all of them count.
func TestFindingsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("director \"lb1\" {}\ndirector \"lb2\" {}\ncluster \"a\" {\n  directors = [\"lb1\", \"lb2\"]\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  virtual_server \"s%d\" {\n    address = \"192.0.2.1\"\n    port = %d\n    protocol = \"tcp\"\n    scheduler = \"rr\"\n    forwarding = \"dr\"\n    real_server \"192.0.2.21\" { weight = 0 }\n  }\n", i, i+1)
	}
	out := Check(Input{Fleet: load(t, txtar.File{Name: "f.hcl", Data: []byte(b.String() + "}\n")})})
	n, said := 0, false
	for _, d := range out.Diags {
		if b, _ := spec.BrokenBy(d); b.Rule == "all-weights-zero" {
			n++
			said = said || d.Summary == "all-weights-zero: 150 more findings like these 50"
		}
	}
	if n != 51 || !said {
		t.Errorf("%d findings, the rest told: %t", n, said)
	}
}
