package topology

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// TestAgain: a node that is built anew gets what the whole plan gives it, and touches nobody else.
func TestAgain(t *testing.T) {
	topology, err := Parse("a.lab", "segment front\nsegment back\nnode a front=192.0.2.1/24 back=none lo=192.0.2.9/32\n sysctl net.ipv4.ip_forward=1\nnode b front=192.0.2.2/24\n")
	if err != nil {
		t.Fatal(err)
	}
	text := func(plan []Batch) (out []string) {
		for _, b := range plan {
			out = append(out, strings.Split(strings.TrimSpace(b.String()), "\n")...)
		}
		return out
	}
	var want []string
	for _, line := range text(topology.Plan()) {
		if words := strings.Fields(line); slices.Contains(words, "a") {
			want = append(want, line)
		}
	}
	got := text(topology.Again("a"))
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("again (-want +got):\n%s", diff)
	}
}

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
