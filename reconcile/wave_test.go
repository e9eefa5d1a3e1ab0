package reconcile_test

import (
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func TestWaved(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	v := viewOf(nil, spec.Cluster{Name: "late", Rollout: spec.Rollout{Wave: 2, Soak: 10 * time.Minute, PeerTimeout: time.Hour, ProceedSilent: true}})
	for _, name := range []string{"a1", "a2"} {
		v.Earlier = append(v.Earlier, spec.Placed[spec.Director]{Def: &spec.Director{Name: name}})
	}
	good := func() *spec.PeerReport {
		return &spec.PeerReport{Commit: "new", Settled: true, Confirmed: "new", ConfirmedAt: now.Add(-time.Hour)}
	}
	silent := func(since time.Duration) spec.PeerFact {
		return spec.PeerFact{Report: good(), Silent: now.Add(-since), Why: "connection refused"}
	}
	for _, c := range []struct {
		name     string
		a2       func(*spec.PeerReport)
		fact     *spec.PeerFact
		released string
		why      string
		until    time.Time
	}{
		{name: "all have confirmed it"},
		{name: "another commit", a2: func(r *spec.PeerReport) { r.Commit = "old" }, why: "the wave before: a2 holds old"},
		{name: "another commit, and a reason", a2: func(r *spec.PeerReport) { r.Commit, r.Stays = "old", "it went back from new: x" }, why: "the wave before: a2 holds old: it went back from new: x"},
		{name: "confirmed an older one", a2: func(r *spec.PeerReport) { r.Confirmed = "old" }, why: "the wave before: a2 has applied it, its probes are still awaited"},
		{name: "on trial for the rest of it", a2: func(r *spec.PeerReport) { r.Unproven = true }, why: "the wave before: a2 has applied it, its probes are still awaited"},
		{name: "some of it waits", a2: func(r *spec.PeerReport) { r.Waiting = []spec.InstanceKey{"web"} }, why: "the wave before: a2 waits for others of its cluster, for web"},
		{name: "not settled", a2: func(r *spec.PeerReport) { r.Settled = false }, why: "the wave before: a2 is still applying it"},
		{name: "confirmed a moment ago", a2: func(r *spec.PeerReport) { r.ConfirmedAt = now.Add(-time.Minute) },
			why: "the wave before: it must have held on a2 for 10m0s", until: now.Add(9 * time.Minute)},
		{name: "an operator says go on", a2: func(r *spec.PeerReport) { r.ConfirmedAt = now }, released: "new"},
		{name: "an operator says go on, and it objects", a2: func(r *spec.PeerReport) { r.Commit = "old" }, released: "new", why: "the wave before: a2 holds old"},
		{name: "never heard", fact: &spec.PeerFact{}, why: "the wave before: a2 has not been heard yet"},
		{name: "silent", fact: new(silent(time.Minute)), why: "the wave before: a2 does not answer (connection refused)", until: now.Add(59 * time.Minute)},
		{name: "silent for long", fact: new(silent(2 * time.Hour))},
		{name: "silent, and an operator says go on", fact: new(silent(time.Minute)), released: "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := good()
			if c.a2 != nil {
				c.a2(r)
			}
			f := spec.Facts{Now: now, Released: c.released, Earlier: map[string]spec.PeerFact{"a1": {Report: good()}, "a2": {Report: r}}}
			if c.fact != nil {
				f.Earlier["a2"] = *c.fact
			}
			why, until, waits := reconcile.Waved(v, "new", f)
			if why != c.why || !until.Equal(c.until) || waits != (c.why != "") {
				t.Errorf("waits %v until %v: %q, want until %v: %q", waits, until, why, c.until, c.why)
			}
		})
	}
}

// Directors of the wave before are no company: who shares a cluster alone counts for turns and evidence.
func TestApart(t *testing.T) {
	director := func(name string) []spec.Placed[spec.Director] {
		return []spec.Placed[spec.Director]{{Def: &spec.Director{Name: name}}}
	}
	facts := map[string]spec.PeerFact{"mate": {Why: "m"}, "before": {Why: "b"}, "both": {Why: "x"}}
	v := viewOf(nil, spec.Cluster{Name: "c"})
	v.Others, v.Earlier = append(director("mate"), director("both")...), append(director("before"), director("both")...)
	mates, earlier := reconcile.Apart(facts, v)
	if len(mates) != 2 || mates["mate"].Why != "m" || mates["both"].Why != "x" || len(earlier) != 2 || earlier["before"].Why != "b" || earlier["both"].Why != "x" {
		t.Errorf("mates %v, earlier %v", mates, earlier)
	}
}
