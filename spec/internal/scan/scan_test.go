package scan_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/scan"
)

var options = scan.Options{Parent: []string{"cluster"}, Kids: []string{"virtual_server"}}

var seeds = []string{
	"",
	"a {}\nb \"x\" {\n}\nc = 1\n",
	"# c\ncluster \"c\" {\n  x = 1\n  virtual_server \"v\" {\n    y = \"${z}}\"\n  } # tail\n  virtual_server \"w\" {}\n}\n",
	"/* a\n*/ cluster \"c\" { }\n",
	"a = <<EOT\n}\n  ${b} {\n EOT\nc {}\n",
	"a = <<-EOT\n  %{ if x }y%{ endif }\nEOT\n",
	"a = \"$${ %%{ \\\" $ % $$ ${\"n${1}\"}\"\n",
	"a = [\n 1, # }\n 2 // ]\n]\n",
	"a = 1 << 2\n",
	"a = b-c - d.e[0].*.f\n",
	"a = { for k, v in x : k => v if v != null }\r\nb {}\r\n",
	"a = x ? y : z\n",
	"\xef\xbb\xbfa {}\n",
	"a = \"\n\"\n",
	"a = 1e99 + 12345678901234567890\n",
	"cluster \"c\" {\n virtual_server \"v\" {\n }\n/* x\n*/ virtual_server \"w\" {\n }\n}\n",
}

// FuzzSplit holds the scanner to hcl's own idea of where blocks begin and end.
func FuzzSplit(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		items, problem := scan.Split(src, options)
		if problem != nil {
			if problem.Offset < 0 || problem.Offset > len(src) || problem.Summary == "" || problem.Detail == "" {
				t.Fatalf("%+v", problem)
			}
			if limit(problem.Summary) {
				return
			}
		}
		file, diags := hclsyntax.ParseConfig(src, "x", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		if problem != nil {
			t.Fatalf("hcl takes it, and the scanner does not: %+v", problem)
		}
		body := file.Body.(*hclsyntax.Body)
		if want := len(body.Blocks) + len(body.Attributes); len(items) != want {
			t.Fatalf("%d items, hcl has %d", len(items), want)
		}
		blocks := 0
		for _, it := range items {
			part, diags := hclsyntax.ParseConfig(src[it.Start:it.End], "x", hcl.Pos{Line: it.Line + 1, Column: it.Col, Byte: it.Start})
			if diags.HasErrors() {
				t.Fatalf("item %+v does not parse: %s", it, diags)
			}
			for _, b := range part.Body.(*hclsyntax.Body).Blocks {
				if want := body.Blocks[blocks]; b.TypeRange != want.TypeRange || b.Type != want.Type || b.CloseBraceRange != want.CloseBraceRange {
					t.Fatalf("block %s at %s, hcl has %s at %s", b.Type, b.TypeRange, want.Type, want.TypeRange)
				}
				kids(t, src, it, b)
				blocks++
			}
		}
	})
}

// kids that are cut out parse by themselves, and are what hcl finds there.
func kids(t *testing.T, src []byte, it scan.Item, b *hclsyntax.Block) {
	starts := map[int]*hclsyntax.Block{}
	for _, k := range b.Body.Blocks {
		starts[k.TypeRange.Start.Line] = k
	}
	for _, k := range it.Kids {
		part, diags := hclsyntax.ParseConfig(src[k.Start:k.End], "x", hcl.Pos{Line: k.Line + 1, Column: k.Col, Byte: k.Start})
		if diags.HasErrors() {
			t.Fatalf("kid %+v does not parse: %s", k, diags)
		}
		body := part.Body.(*hclsyntax.Body)
		want := starts[k.Line+1]
		if len(body.Attributes) == 1 && len(body.Blocks) == 0 {
			continue // an attribute of that name, which is an error later
		}
		if len(body.Blocks) != 1 || want == nil || body.Blocks[0].CloseBraceRange != want.CloseBraceRange || k.Lines != strings.Count(string(src[k.Start:k.End]), "\n") {
			t.Fatalf("kid %+v is not what hcl has there", k)
		}
	}
}

func limit(summary string) bool {
	for _, s := range []string{"Nested too deeply", "Too many for", "Number too long", "Not UTF-8"} {
		if strings.HasPrefix(summary, s) {
			return true
		}
	}
	return false
}
