package reconcile_test

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func TestFrozen(t *testing.T) {
	at := func(s string) time.Time {
		t.Helper()
		out, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	nights := spec.Freeze{Name: "nights", Days: []time.Weekday{time.Friday}, From: 22 * time.Hour, To: 6 * time.Hour, Zone: "Europe/Berlin"}
	audit := spec.Freeze{Name: "audit", Start: at("2026-07-03T12:00:00Z"), End: at("2026-07-05T12:00:00Z"), Reason: "the auditors look"}
	v := viewOf(nil, spec.Cluster{Name: "a", Freezes: []spec.Freeze{nights}}, spec.Cluster{Name: "b", Freezes: []spec.Freeze{audit}})
	for _, c := range []struct{ name, now, why, until string }{
		{"nothing holds", "2026-07-02T12:00:00Z", "", ""},
		{"the one", "2026-07-03T12:00:00Z", `freeze "audit" of cluster "b", 2026-07-03T12:00:00Z to 2026-07-05T12:00:00Z: the auditors look`, "2026-07-05T12:00:00Z"},
		{"of two, the one that lasts longest", "2026-07-03T21:00:00Z", `freeze "audit" of cluster "b", 2026-07-03T12:00:00Z to 2026-07-05T12:00:00Z: the auditors look`, "2026-07-05T12:00:00Z"},
		{"the other, a week later", "2026-07-10T21:00:00Z", `freeze "nights" of cluster "a", fri 22:00 to 06:00 Europe/Berlin`, "2026-07-11T04:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			why, until, ok := reconcile.Frozen(v, at(c.now))
			if ok != (c.why != "") || why != c.why || ok && !until.Equal(at(c.until)) {
				t.Errorf("%v until %v: %s", ok, until, why)
			}
		})
	}
}
