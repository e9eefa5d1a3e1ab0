package plain_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/plain"
	"github.com/lbsync/lbsync/spec/spectest"
	"github.com/rogpeppe/go-internal/txtar"
)

// agrees says whether src is plain. If so, hclsyntax must find the same in it, and nothing wrong.
func agrees(t *testing.T, src string, start hcl.Pos) bool {
	t.Helper()
	got, ok := plain.Parse([]byte(src), "x.hcl", start)
	if !ok {
		return false
	}
	file, diags := hclsyntax.ParseConfig([]byte(src), "x.hcl", start)
	if len(diags) > 0 {
		t.Fatalf("%q is said to be plain, but %v", src, diags)
	}
	if !reflect.DeepEqual(got, file.Body) {
		all := cmp.Exporter(func(reflect.Type) bool { return true })
		t.Fatalf("%q (-hclsyntax +plain):\n%s", src, cmp.Diff(file.Body, got, all))
	}
	return true
}

var plains = []string{
	"", "\n", "  \n\t\n", "# a\n", "/* a */", " /* a */ # b\n", "// a\na = 1\n",
	"a = 1", "a = 1\n", "a=0", "  a\t=\t123456789012345678 \n", "a = true\nb = false\n", "_a-1 = 1\n",
	`a = ""`, `a = "b"`, "a = \" b # // /* {}[],= \"\n", "a = 1 # b\nb = 2 // c\nc = 3 /* d */\n", "a = /* b */ 1 /* c */ # ü€\n",
	"a = 1 /* b\nc */\nd = 2\n", "/* a\n\n b */ c = 1\n",
	"a = []", "a = [1]", "a = [1, true, \"b\"]\n", "a = [ 1 ,\n\n# b\n2, // c\n /* d */ ]\n", "a = [\n]\n",
	"a {}", "a {}\n", "a { }\n", "a {\n}\n", "a{b=1}", "a { b = 1 }\n", "a { /* b */ c = [1,\n2] /* d */ } # e\n",
	"a { b = \"\" }\n", "a { # b\n  c = 1\n}\n", "a {\n  b {}\n  c \"d\" \"e\"\"\" {\n    f = 1\n  }\n  g = 2\n}\n",
	"a {\n}\na {\n}\na = 1\n",
}

var others = []string{
	"a", "a =", "a = \n1", "a 1", "1 = 1", "- = 1", "= 1", "}", "a {", "a {\n", "a { b = 1\n}", "a {\nb = 1 }", "a { b = 1, c = 2 }", "a { b {} }", "a {} b {}", "a {}}", "a b {}", "\"a\" {}", "a \"b\" = 1", "a\n{}", "a = 1 b = 2", "a = 1\na = 2\n", "a {\nb = 1\nb = 2\n}\n",
	"a = 01", "a = 1.5", "a = 1e3", "a = -1", "a = 1 + 1", "a = 1/2", "a = 1234567890123456789", "a == 1", "a => 1", "a = 1x", "a = 1ü", "a = trueü", "aü = 1",
	"a = b", "a = null", "a = true.b", "a = f()", "a = true ? 1 : 2", "a = \"b\".c", "a = (1)", "a = {}", "a = [1][0]", "a = [[1]]", "a = [1 2]", "a = [,]", "a = [1,,2]", "a = [for b in c : b]", "a = [", "a = [1", "a = [1,",
	"a = \"", "a = \"\n\"", "a = \"\t\"", `a = "\n"`, `a = "${b}"`, `a = "%{b}"`, `a = "$"`, `a = "ü"`, "a = <<b\nc\nb\n", "a \"\\n\" {}", "a \"${b}\" {}", "a \"b {}",
	"\ufeffa = 1", "a = 1\r\n", "# a\r\n", "# a", "a = 1 # b", "// a", "/* a", "/*/", "/* ü */", "/* \r */", "/", "a = 1 /", "a = 1;", "\x00", "a = 1\x00",
}

func TestPlainIsWhatHclsyntaxReads(t *testing.T) {
	for _, src := range plains {
		for _, start := range []hcl.Pos{hcl.InitialPos, {Line: 1, Column: 3}, {Line: 7, Column: 5, Byte: 99}} {
			if !agrees(t, src, start) {
				t.Errorf("%q is not plain", src)
			}
		}
	}
}

func TestTheRestIsLeftToHclsyntax(t *testing.T) {
	for _, src := range others {
		if body, ok := plain.Parse([]byte(src), "x.hcl", hcl.InitialPos); ok || body != nil {
			t.Errorf("%q is said to be plain", src)
		}
	}
}

// Two pieces in a row must be read as hclsyntax reads them, whether or not they are plain together.
func TestPairs(t *testing.T) {
	all := append(append([]string{}, plains...), others...)
	for _, a := range all {
		for _, b := range all {
			agrees(t, a+b, hcl.InitialPos)
			agrees(t, "a {\n"+a+b+"}\n", hcl.InitialPos)
			agrees(t, "a { "+a+"}"+b, hcl.InitialPos)
			agrees(t, "a = ["+strings.TrimPrefix(a, "a = ")+","+strings.TrimPrefix(b, "a = ")+"]", hcl.InitialPos)
		}
	}
}

// fixtures are the HCL texts of this repository, and a generated fleet.
func fixtures(t testing.TB) []string {
	var out []string
	archives, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".hcl") {
				out = append(out, string(f.Data))
			}
		}
	}
	for _, f := range spectest.Fleet(20, 3, 2) {
		out = append(out, string(f.Data))
	}
	examples := os.DirFS("../../../examples")
	err = fs.WalkDir(examples, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".hcl") {
			return err
		}
		text, err := fs.ReadFile(examples, name)
		out = append(out, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFixtures(t *testing.T) {
	n, all := 0, fixtures(t)
	for _, src := range all {
		if agrees(t, src, hcl.InitialPos) {
			n++
		}
	}
	if n < len(all)/2 {
		t.Errorf("%d of %d fixtures are plain: most should be", n, len(all))
	}
	t.Logf("%d of %d fixtures are plain", n, len(all))
}

func FuzzAgreesWithHclsyntax(f *testing.F) {
	for _, src := range append(append(fixtures(f), plains...), others...) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) { agrees(t, src, hcl.InitialPos) })
}
