// Package lbsync_test holds the house to its plan: who may import whom, how large things may grow, and where clocks and printing
// are allowed. docs/architecture.md has the reasons.
package lbsync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lbsync/lbsync/"

// mayImport is the import table. A room that is not listed may import nothing of the house; "std" needs no line. Entries that
// name a folder allow what lies below it too.
var mayImport = map[string][]string{
	"spec":                          {"spec/internal/plain", "spec/internal/scan", "spec/internal/schema", "hcl", "cty"},
	"spec/internal/plain":           {"hcl", "cty"},
	"spec/internal/scan":            {"hcl"},
	"spec/internal/schema":          {"hcl", "cty"},
	"spec/spectest":                 {"spec"},
	"policies":                      {"spec", "hcl"},
	"runtime/connsync":              {},
	"runtime/kernel":                {"spec", "runtime/connsync", "netlink", "netns", "moby/ipvs", "arp", "ethernet", "x/sys"},
	"spec/identity":                 {"spec"},
	"runtime/kernel/kerneltest":     {"spec", "runtime/kernel", "rapid", "cmp"},
	"runtime/director":              {"spec", "runtime/director/notify", "runtime/director/tracking"},
	"runtime/director/notify":       {"spec", "runtime/program"},
	"runtime/director/tracking":     {"spec", "runtime/program"},
	"runtime/director/syncing":      {"spec", "runtime/connsync"},
	"runtime/director/directortest": {"spec"},
	"runtime/health":                {"spec", "runtime/health/probe", "x/sys"},
	"runtime/health/probe":          {"spec", "runtime/patient", "runtime/program", "x/sys", "x/net", "grpc"},
	"runtime/patient":               {},
	"runtime/program":               {"runtime/patient"},
	"runtime/vrrp":                  {},
	"runtime/engine":                {"spec", "runtime/vrrp", "runtime/kernel", "runtime/engine/line", "x/sys", "x/sync"},
	"runtime/engine/line":           {"spec", "runtime/local", "x/sys"},
	"runtime/api":                   {"spec", "spec/identity", "runtime/local", "runtime/api/metrics", "x/sys", "x/net"},
	"runtime/api/metrics":           {"spec", "prometheus"},
	"runtime/local":                 {"x/sys"},
	"reconcile":                     {"spec"},
	"reconcile/pool":                {"spec"},
	"reconcile/reconciletest":       {"spec", "reconcile"},
	"reconcile/source":              {"go-git", "x/crypto"},
	"reconcile/journal":             {"spec", "reconcile", "x/sys"},
	"reconcile/journal/journaltest": {"reconcile/journal"},
	"reconcile/peer":                {"spec", "spec/identity"},
	"reconcile/agent":               {"spec", "policies", "reconcile", "reconcile/pool", "reconcile/source", "reconcile/journal", "hcl", "x/sys", "x/sync"},
	"cmd/lbsync":                    {"*"},
	"cmd/lbsync/view":               {"spec", "reconcile", "reconcile/journal", "hcl", "x/term", "cty", "sarif"},
	"cmd/lblab":                     {"*"},
}

// libraries are the third-party modules by the short names of the table.
var libraries = map[string]string{
	"hcl": "github.com/hashicorp/hcl/v2", "sarif": "github.com/owenrumney/go-sarif/v2", "cty": "github.com/zclconf/go-cty", "netlink": "github.com/vishvananda/netlink",
	"netns": "github.com/vishvananda/netns", "moby/ipvs": "github.com/moby/ipvs", "go-git": "github.com/go-git",
	"x/sys": "golang.org/x/sys", "x/term": "golang.org/x/term", "x/sync": "golang.org/x/sync", "x/crypto": "golang.org/x/crypto",
	"x/net": "golang.org/x/net", "grpc": "google.golang.org/grpc", "prometheus": "github.com/prometheus",
	"arp": "github.com/mdlayher/arp", "ethernet": "github.com/mdlayher/ethernet",
	"rapid": "pgregory.net/rapid", "cmp": "github.com/google/go-cmp",
}

type source struct {
	path, room string
	file       *ast.File
	fset       *token.FileSet
	lines      int
}

// sources are all Go files of the house that are not tests.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata") {
			return skipDir(err)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		out = append(out, source{path, filepath.ToSlash(filepath.Dir(path)), f, fset, strings.Count(string(text), "\n")})
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("reading the house: %d files, %v", len(out), err)
	}
	return out
}

func skipDir(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		allowed, ok := rule(s.room)
		if !ok {
			t.Errorf("%s: room %q is not in the import table", s.path, s.room)
			continue
		}
		for _, imp := range s.file.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if !importAllowed(allowed, path) {
				t.Errorf("%s imports %s, which the table does not allow to %s", s.path, path, s.room)
			}
		}
	}
}

// rule is the table's line for a room; the lab's own rooms share one.
func rule(room string) ([]string, bool) {
	if strings.HasPrefix(room, "cmd/lblab/") {
		room = "cmd/lblab"
	}
	allowed, ok := mayImport[room]
	return allowed, ok
}

func importAllowed(allowed []string, path string) bool {
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") || slices.Contains(allowed, "*") {
		return true
	}
	if room, ok := strings.CutPrefix(path, module); ok {
		return slices.Contains(allowed, room)
	}
	for _, name := range allowed {
		if lib := libraries[name]; lib != "" && (path == lib || strings.HasPrefix(path, lib+"/")) {
			return true
		}
	}
	return false
}

// The pure rooms decide; they get the time as a value.
func TestPureRoomsHaveNoClock(t *testing.T) {
	pure := []string{"spec", "policies", "reconcile", "runtime/vrrp", "runtime/connsync"}
	for _, s := range sources(t) {
		if !slices.Contains(pure, s.room) {
			continue
		}
		for _, call := range selectors(s.file) {
			if call == "time.Now" || call == "time.Since" || call == "time.Until" {
				t.Errorf("%s calls %s: pure code is given the time", s.path, call)
			}
		}
	}
}

func TestNothingSleeps(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains(selectors(s.file), "time.Sleep") {
			t.Errorf("%s calls time.Sleep: waiting is data (a Hold) or a timer", s.path)
		}
	}
}

// Only view writes to the terminal, so that human text and JSON are rendered from one value. The lab is a program of its own.
func TestOnlyViewPrints(t *testing.T) {
	for _, s := range sources(t) {
		if s.room == "cmd/lbsync/view" || strings.HasPrefix(s.room, "cmd/lblab") {
			continue
		}
		for _, sel := range selectors(s.file) {
			if strings.HasPrefix(sel, "fmt.Print") || sel == "log.Print" || sel == "log.Printf" || sel == "os.Stdout" && s.path != "cmd/lbsync/main.go" {
				t.Errorf("%s uses %s: printing belongs to cmd/lbsync/view", s.path, sel)
			}
		}
	}
}

func selectors(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok {
				out = append(out, pkg.Name+"."+sel.Sel.Name)
			}
		}
		return true
	})
	return out
}

// A file is one concept and a function one step. Tables of data may be longer than steps, so only code lines of functions count.
func TestSizes(t *testing.T) {
	const fileMax, funcMax = 300, 45
	for _, s := range sources(t) {
		if s.lines > fileMax {
			t.Errorf("%s has %d lines, %d is the most: is it one concept?", s.path, s.lines, fileMax)
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line + 1
			if lines > funcMax {
				t.Errorf("%s: %s has %d lines, %d is the most", s.path, fn.Name.Name, lines, funcMax)
			}
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if problem := largeInterface(d); problem != "" {
				t.Errorf("%s: %s", s.path, problem)
			}
		}
	}
}

func largeInterface(d ast.Decl) string {
	gen, ok := d.(*ast.GenDecl)
	if !ok {
		return ""
	}
	for _, sp := range gen.Specs {
		ts, ok := sp.(*ast.TypeSpec)
		if !ok {
			continue
		}
		if it, ok := ts.Type.(*ast.InterfaceType); ok && it.Methods.NumFields() > 6 {
			return "interface " + ts.Name.Name + " has " + strconv.Itoa(it.Methods.NumFields()) + " methods, 6 is the most"
		}
	}
	return ""
}

// Every package says what it is for.
func TestPackagesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.room] = documented[s.room] || s.file.Doc != nil
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("%s: no file has a package comment", room)
		}
	}
}
