package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// budgetOf is what a commit may take from an accepted cluster: what the commit itself says can only be less.
func budgetOf(f *spec.Fleet, c *spec.Cluster) spec.Budget {
	if now := clusterNamed(f, c.Name); now != nil {
		return c.Budget.Stricter(now.Budget)
	}
	return c.Budget
}

// exceeds says whether so many of all are too many: more than the percentage, and more than a few or none is left.
func exceeds(lost, all int, percent float64, few int) bool {
	return float64(lost)*100 > percent*float64(all) && (lost > few || lost == all)
}

// widen says what a budget allows, and how a larger loss is had if it is meant. few is what may go whatever the percentage.
func widen(attr string, percent float64, few string) string {
	return fmt.Sprintf("The budget allows %g percent (%s), or %s while others are left. If more is meant, do it in several commits, or widen it in the commit before: budget { %s = … } in the cluster.", percent, attr, few, attr)
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
