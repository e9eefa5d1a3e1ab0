package policies

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/lbsync/lbsync/spec"
)

const docsPage = "../docs/policies.md"

// docs/policies.md is made of what the rules say of themselves and of their scripts: `make docs` writes it.
func TestDocs(t *testing.T) {
	want := reference(t)
	if *update {
		if err := os.WriteFile(docsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docsPage)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the rules say (%v): look at the difference after make docs", docsPage, err)
	}
}

const docsIntro = `# Policies

<!-- Written by ` + "`make docs`" + ` from the rules and their tests. -->

Rules over the whole fleet. The same code judges in ` + "`lbsync validate`" + `, before a change is merged, and on every director, before anything is planned. A refused commit changes nothing: the
director stays with what it holds, and says why in ` + "`lbsync status`" + ` (exit code 3), in the journal, in the metrics and to those who are notified.

| level | |
|---|---|
| advise | said, and accepted |
| overridable | refused, unless the commit has a trailer with the reason, by an author whom the fleet allows it; or an operator asks for it by hand on the director (pin, rollback), which the audit keeps |
| deny | refused |

A rule that lacks what it judges by (facts of a director, an accepted commit to compare with) is skipped, and the last line of ` + "`validate`" + ` says so.

A fleet sets the levels of these rules, and has rules of its own: [policies-own.md](policies-own.md).

`

func reference(t *testing.T) string {
	t.Helper()
	var b, chapters strings.Builder
	b.WriteString(docsIntro + "| rule | level | |\n|---|---|---|\n")
	for _, g := range groups() {
		fmt.Fprintf(&chapters, "\n## %s\n", g.Title)
		for _, p := range g.Rules {
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", p.Name(), p.Name(), p.Level(), p.Meaning())
			chapters.WriteString(chapter(t, p))
		}
	}
	return b.String() + chapters.String()
}

// chapter is a rule with the first example of its script that breaks it.
func chapter(t *testing.T, p Policy) string {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("testdata", p.Name()+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s Level: %s.%s\n", p.Name(), p.Meaning(), p.Level(), needs(p))
	for _, f := range ar.Files {
		if strings.HasPrefix(f.Name, "break") && strings.HasSuffix(f.Name, ".hcl") {
			text := section(ar, strings.TrimSuffix(f.Name, ".hcl")+".txt")
			fmt.Fprintf(&b, "\n%s\n\n```hcl\n%s```\n\n%s", strings.TrimSpace(string(ar.Comment)), f.Data, quote(string(text), f.Name))
			break
		}
	}
	return b.String()
}

func needs(p Policy) string {
	n, needy := p.(Needy)
	if !needy {
		return ""
	}
	in := Input{Fleet: &spec.Fleet{}, Facts: map[string]spec.HostFacts{"lb1": {}}}
	return " Skipped with " + cmp.Or(n.Lacks(&in), n.Lacks(&Input{Fleet: in.Fleet})) + "."
}

// quote is what the rule says, as a quotation: the first line of each finding, and what it means below.
func quote(said, file string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(said, file, "fleet.hcl")) {
		if detail, ok := strings.CutPrefix(line, "    "); ok {
			b.WriteString("> " + detail)
			continue
		}
		if b.Len() > 0 {
			b.WriteString(">\n")
		}
		b.WriteString("> **" + strings.TrimSpace(line) + "**\\\n")
	}
	return b.String()
}
