package health

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Probes that were not made, were made late, were skipped or failed are each told apart.
func TestHealthyOf(t *testing.T) {
	const interval, second = 3 * time.Second, time.Second
	start := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	end := start.Add(6 * second)
	up := func(count uint32, began time.Duration) spec.CheckStatus {
		s := spec.CheckStatus{Verdict: spec.Verdict{State: spec.CheckUp, Since: start.Add(-time.Minute)}, Count: count, Took: time.Millisecond}
		s.Last = start.Add(began + s.Took)
		return s
	}
	skipped := up(9, -1*second)
	skipped.Skipped = 2
	fell := up(1, 5*second)
	fell.State, fell.Since = spec.CheckDown, start.Add(5*second)
	back := up(1, 5*second)
	back.Since = start.Add(5 * second)
	for name, tc := range map[string]struct {
		before, after spec.CheckStatus
		want          Healthy
	}{
		"twice":                {up(9, -1*second), up(11, 5*second), Healthy{Due: 2, Made: 2}},
		"late":                 {up(9, -1*second), up(11, 5*second+40*time.Millisecond), Healthy{Due: 2, Made: 2, Late: 40 * time.Millisecond}},
		"before it was late":   {up(9, -1*second+10*time.Millisecond), up(11, 5*second), Healthy{Due: 2, Made: 2}},
		"one is missing":       {up(9, -1*second), up(10, 2*second), Healthy{Due: 2, Made: 1}},
		"on its way":           {up(9, -100*time.Millisecond), up(10, 2900*time.Millisecond), Healthy{Due: 1, Made: 1}},
		"one more, in the end": {up(9, -100*time.Millisecond), up(11, 5900*time.Millisecond), Healthy{Due: 1, Made: 1}},
		"none was made":        {up(9, -1*second), skipped, Healthy{Due: 2, Skipped: 2}},
		"down":                 {up(9, -1*second), fell, Healthy{Due: 2, Failed: 1}},
		"down, and up again":   {up(9, -1*second), back, Healthy{Due: 2, Failed: 1}},
	} {
		if got := healthyOf([]spec.CheckStatus{tc.before}, []spec.CheckStatus{tc.after}, interval, end); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

// Those that stay healthy have other addresses and another port than those that fail.
func TestHealthyHasAddressesOfItsOwn(t *testing.T) {
	all := cases(time.Second)[5].checks()
	var apart int
	seen := map[spec.Check]bool{}
	for _, c := range all {
		failing, healthy := network.Contains(c.Addr.Addr().AsSlice()), healthyNetwork.Contains(c.Addr.Addr().AsSlice())
		if failing == healthy || healthy != (c.Addr.Port() == healthyPort) || seen[c] {
			t.Fatalf("%s", c)
		}
		if seen[c] = true; healthy {
			apart++
		}
	}
	if len(all) != 51_000 || apart != 1000 {
		t.Errorf("%d checks, %d of them healthy", len(all), apart)
	}
}
