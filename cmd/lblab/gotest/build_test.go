package gotest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestBuild(t *testing.T) {
	module := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":          "module x\n\ngo 1.26\n",
		"ok/a_test.go":    "package ok\n\nimport \"testing\"\n\nfunc TestA(*testing.T) {}\n",
		"none/none.go":    "package none\n",
		"bad/bad_test.go": "package bad\n\nvar _ = missing\n",
	} {
		path := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(module)
	packages, err := Build(context.Background(), t.TempDir(), []string{"./..."}, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct{ broken, binary bool }{"x/ok": {false, true}, "x/none": {false, false}, "x/bad": {true, false}}
	if len(packages) != len(want) {
		t.Errorf("%d packages, want %d", len(packages), len(want))
	}
	for _, p := range packages {
		w, known := want[p.Path]
		if !known || p.Broken != w.broken || (p.Binary != "") != w.binary || p.Dir != filepath.Join(module, filepath.Base(p.Path)) {
			t.Errorf("package %+v, want %+v", p, w)
		}
	}
}
