package journal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile/journal"
)

// attempt is what an agent writes about one.
func attempt(commit, plan string, changes int, outcome journal.Event) []journal.Record {
	return []journal.Record{
		{Event: journal.Planned, Commit: commit, Plan: plan, Changes: changes, Author: "Ann <ann@example.org>"},
		{Event: journal.Intent, Commit: commit, Plan: plan, Changes: changes},
		{Event: journal.Step, Commit: commit, Plan: plan},
		{Event: outcome, Commit: commit, Plan: plan, Detail: outcome.String() + " it"},
	}
}

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{SegmentSize: 900})
	for _, recs := range [][]journal.Record{
		attempt("aaa", "p1", 3, journal.Applied), // seconds 1 to 4
		{{Event: journal.Drift, Key: "tcp 192.0.2.1:80"}},
		attempt("aaa", "p2", 1, journal.Applied),                                                     // a repair: 6 to 9
		{{Event: journal.Planned, Commit: "bbb", Plan: "p3"}},                                        // held, given up
		{{Event: journal.Refused, Commit: "ccc", Author: "Bob <bob@example.org>", Result: "policy"}}, // 11
		{{Event: journal.Refused, Commit: "ccc", Author: "Bob <bob@example.org>", Result: "policy"}}, // 12
		attempt("ddd", "p4", 2, journal.Failed),                                                      // 13 to 16
		attempt("aaa", "p5", 2, journal.RolledBack),                                                  // 17 to 20
		{{Event: journal.Intent, Commit: "eee", Plan: "p6", Changes: 7}},                             // 21
	} {
		for _, r := range recs {
			put(t, j, r)
		}
	}
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	const ann, bob = "Ann <ann@example.org>", "Bob <bob@example.org>"
	want := []journal.Generation{
		{Commit: "eee", Time: at(21), Outcome: journal.Intent, Plan: "p6", Changes: 7, Attempts: 1, Seq: 21},
		{Commit: "aaa", Author: ann, Time: at(18), Outcome: journal.RolledBack, Plan: "p5", Changes: 2, Duration: 2 * time.Second, Detail: "rolled_back it", Attempts: 1, Seq: 20},
		{Commit: "ddd", Author: ann, Time: at(14), Outcome: journal.Failed, Plan: "p4", Changes: 2, Duration: 2 * time.Second, Detail: "failed it", Attempts: 1, Seq: 16},
		{Commit: "ccc", Author: bob, Time: at(11), Outcome: journal.Refused, Detail: "policy", Attempts: 2, Last: at(12), Seq: 11},
		{Commit: "aaa", Author: ann, Time: at(2), Outcome: journal.Applied, Plan: "p1", Changes: 3, Duration: 2 * time.Second, Detail: "applied it", Attempts: 2, Last: at(7), Seq: 4},
	}
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6} {
		got, err := journal.History(dir, n)
		if err != nil {
			t.Fatal(err)
		}
		expect := want
		if n > 0 {
			expect = want[:min(n, len(want))]
		}
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Errorf("n = %d: %s", n, diff)
		}
	}
}

func TestEveryEventHasAName(t *testing.T) {
	for _, e := range journal.Events() {
		b, err := e.MarshalText()
		var back journal.Event
		if err != nil || len(b) == 0 || back.UnmarshalText(b) != nil || back != e {
			t.Errorf("event %d: %q, %v", e, b, err)
		}
	}
}

// A plan that was given up says nothing about the next outcome, be it of the same commit or the same changes.
func TestHistoryKeepsAttemptsApart(t *testing.T) {
	for name, given := range map[string]journal.Record{
		"other plan":   {Event: journal.Planned, Commit: "aaa", Plan: "p0", Changes: 9},
		"other commit": {Event: journal.Planned, Commit: "bbb", Plan: "p1", Changes: 9},
	} {
		dir := t.TempDir()
		put(t, open(t, dir, journal.Options{}), given, journal.Record{Event: journal.Applied, Commit: "aaa", Plan: "p1"})
		got, err := journal.History(dir, 0)
		if err != nil || len(got) != 1 || got[0].Changes != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A rollback says who asked for it and why, and what was repaired while it held counts to it.
func TestHistoryOfAnOperator(t *testing.T) {
	dir := t.TempDir()
	const ann = "1000 ann"
	j := open(t, dir, journal.Options{})
	for _, r := range []journal.Record{
		{Event: journal.Pinned, Commit: "aaa", Actor: ann, Detail: "web is down"}, // second 1
		{Event: journal.Planned, Commit: "aaa", Actor: ann, Plan: "p1"},
		{Event: journal.Intent, Commit: "aaa", Actor: ann, Plan: "p1"},
		{Event: journal.RolledBack, Commit: "aaa", Actor: ann, Plan: "p1", Result: "ok"}, // 4
		{Event: journal.Applied, Commit: "aaa", Actor: "agent", Plan: "p2", Result: "ok"},
		{Event: journal.Pinned, Commit: "aaa", Actor: "0 root", Detail: "stay"}, // what is held already was not tried
		{Event: journal.Failed, Commit: "bbb", Actor: "agent", Plan: "p3", Result: "1 changes failed"},
	} {
		put(t, j, r)
	}
	got, err := journal.History(dir, 0)
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	want := []journal.Generation{
		{Commit: "bbb", Actor: "agent", Time: at(7), Outcome: journal.Failed, Plan: "p3", Detail: "1 changes failed", Attempts: 1, Seq: 7},
		{Commit: "aaa", Actor: ann, Time: at(3), Outcome: journal.RolledBack, Plan: "p1", Duration: time.Second, Detail: "web is down", Attempts: 2, Last: at(5), Seq: 4},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
