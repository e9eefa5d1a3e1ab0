package gotest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// stream gives the tally of one package's raw output and the text shown for it.
func stream(t *testing.T, raw string, code int, verbose bool) (Tally, string) {
	t.Helper()
	var tally Tally
	var shown strings.Builder
	s, err := tally.Begin("p", verbose, &shown)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	last, err := s.End(code, 1500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return tally, shown.String() + last
}

const mixed = "\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n" +
	"\x16=== RUN   TestB\n    b_test.go:7: needs root\n\x16--- SKIP: TestB (0.00s)\n" +
	"\x16=== RUN   TestC\n    c_test.go:9: want: this\n\x16--- FAIL: TestC (0.00s)\n\x16FAIL\n"

func TestStreamCounts(t *testing.T) {
	tally, shown := stream(t, mixed, 1, false)
	want := Tally{Passed: 1, Failed: 1, Packages: 1, BadPackages: 1, Skips: []Skip{{"p", "TestB", "needs root"}}}
	if diff := cmp.Diff(want, tally); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if want := "    c_test.go:9: want: this\n--- FAIL: TestC (0.00s)\nFAIL\nFAIL\tp\t1.500s (exit code 1)\n"; shown != want {
		t.Errorf("shown %q, want %q", shown, want)
	}
	if tally.OK() {
		t.Error("a failure is OK")
	}
}

func TestStreamVerboseShowsAll(t *testing.T) {
	_, shown := stream(t, mixed, 1, true)
	for _, want := range []string{"=== RUN   TestA\n", "b_test.go:7: needs root\n", "c_test.go:9: want: this\n"} {
		if strings.Count(shown, want) != 1 {
			t.Errorf("%q is not there once: %q", want, shown)
		}
	}
}

func TestStreamOfPassing(t *testing.T) {
	tally, shown := stream(t, "\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n\x16PASS\n", 0, false)
	if shown != "ok  \tp\t1.500s\n" || !tally.OK() {
		t.Errorf("shown %q, tally %+v", shown, tally)
	}
}

// A binary that dies is a failure with its last words, though every test before passed.
func TestStreamOfCrash(t *testing.T) {
	tally, shown := stream(t, "\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n\x16=== RUN   TestB\npanic: boom\n", 2, false)
	if tally.OK() || tally.BadPackages != 1 || !strings.Contains(shown, "panic: boom\n") {
		t.Errorf("shown %q, tally %+v", shown, tally)
	}
}

func TestSummary(t *testing.T) {
	for want, tally := range map[string]Tally{
		"2 passed, 0 failed, 0 skipped\n":                                           {Passed: 2, Packages: 1},
		"skipped p TestB: needs root\n0 passed, 0 failed, 1 skipped: no test ran\n": {Packages: 1, Skips: []Skip{{"p", "TestB", "needs root"}}},
		"1 of 2 packages failed\n1 passed, 0 failed, 0 skipped\n":                   {Passed: 1, Packages: 2, BadPackages: 1},
	} {
		if got := tally.Summary(); got != want {
			t.Errorf("summary %q, want %q", got, want)
		}
	}
	for _, tally := range []Tally{{}, {Packages: 1, Skips: []Skip{{}}}, {Passed: 1, Failed: 1}, {Passed: 1, BadPackages: 1}} {
		if tally.OK() {
			t.Errorf("%+v is OK", tally)
		}
	}
}
