package spec_test

import (
	"os"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/spec"
)

// TestReference shows every change of the schema as a reader will see it: docs/schema.md is its golden, which `make docs` writes.
func TestReference(t *testing.T) {
	const golden = "../docs/schema.md"
	got := spec.SchemaReference()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("the reference is not %s (%v): look at the difference after make docs", golden, err)
	}
}

// TestSchemaIsDocumented: every block and attribute says what it is.
func TestSchemaIsDocumented(t *testing.T) {
	for doc := range spec.Schema() {
		if doc.Doc == "" && doc.Path[len(doc.Path)-1] != "content" {
			t.Errorf("%s has no text", strings.Join(doc.Path, "."))
		}
		for _, a := range doc.Attrs {
			if a.Doc == "" || strings.HasSuffix(a.Doc, ".") {
				t.Errorf("%s.%s has no text, or a full stop behind it: %q", strings.Join(doc.Path, "."), a.Name, a.Doc)
			}
		}
	}
}
