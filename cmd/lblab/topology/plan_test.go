package topology

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func TestPlan(t *testing.T) {
	text, err := os.ReadFile("testdata/cluster.lab")
	if err != nil {
		t.Fatal(err)
	}
	topology, err := Parse("cluster.lab", string(text))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, b := range topology.Plan() {
		got.WriteString(b.String())
	}
	const golden = "testdata/cluster.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}
