package reconcile

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/spec"
)

func TestOrderGolden(t *testing.T) {
	var b strings.Builder
	for _, o := range order {
		fmt.Fprintf(&b, "%d %-20s %c %s", o.phase, o.phase, o.class.action, o.class.kind)
		if o.class.role != spec.RoleUnknown {
			fmt.Fprintf(&b, " %s", o.class.role)
		}
		if o.class.drains {
			b.WriteString(" to weight 0")
		}
		if o.class.elects {
			b.WriteString(" in priority or preemption alone")
		}
		b.WriteString("\n")
	}
	const golden = "testdata/order.golden"
	if *Update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("order of work (-golden +got):\n%s", d)
	}
}

func TestOrderReadsAsItRuns(t *testing.T) {
	for i := 1; i < len(order); i++ {
		if order[i].phase < order[i-1].phase {
			t.Errorf("%v stands after %v", order[i], order[i-1])
		}
	}
	if len(phases) != len(order) {
		t.Errorf("%d lines, %d classes: a class has two phases", len(order), len(phases))
	}
}
