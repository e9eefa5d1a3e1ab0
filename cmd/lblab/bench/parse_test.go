package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

func TestParseProfile(t *testing.T) {
	writes, reads, err := parseProfile("  write_netlink     44000    0\n  write_old     1   0\n  read_old   4002  0\n  other  9  9\n")
	if writes != 44001 || reads != 4002 || err != nil {
		t.Errorf("%d writes, %d reads, %v", writes, reads, err)
	}
	if _, _, err := parseProfile("  write_netlink  7  3\n"); err == nil {
		t.Error("calls that were not counted are no error")
	}
}

func TestParseMemory(t *testing.T) {
	resident, peak, err := parseMemory("Name:\tlbsync\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n")
	if resident != 1<<20 || peak != 2<<20 || err != nil {
		t.Errorf("%d, %d, %v", resident, peak, err)
	}
	if _, _, err := parseMemory("Name:\tkthreadd\n"); err == nil {
		t.Error("a process without memory is no error")
	}
}

func TestParseBenchmark(t *testing.T) {
	text := "goos: linux\nBenchmarkDiff10000x10With100Changes-2   \t     300\t   4012345 ns/op\t  1 B/op\nBenchmarkDiff10000x10With100Changes-2 \t 310\t 3999.5 ns/op\nPASS\n"
	got, err := parseBenchmark(text, 2)
	if err != nil || len(got) != 2 || got[0] != 4012345*time.Nanosecond || got[1] != 3999*time.Nanosecond {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseBenchmark(text, 3); err == nil {
		t.Error("a missing round is no error")
	}
}

func TestPageKeepsWhatPeopleWrote(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, Page+".md")
	if err := os.WriteFile(file, []byte("# Title\n"+page.Begin+"\nold\n"+page.End+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := example().WritePage(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "# Title\n" + page.Begin + "\n\n" + example().Markdown() + "\n" + page.End + "\nafter\n"
	if string(got) != want {
		t.Errorf("the page is\n%s", got)
	}
	var back Results
	if err := page.ReadJSON(filepath.Join(dir, Page+".json"), &back); err != nil || back.Markdown() != example().Markdown() {
		t.Errorf("the data do not give the same page: %v", err)
	}
}

func TestJobCheck(t *testing.T) {
	for _, c := range []struct {
		job Job
		ok  bool
	}{
		{Job{Sizes: []int{200, 1000}, Rounds: 5}, true},
		{Job{Sizes: []int{200}, Rounds: 0}, false},
		{Job{Rounds: 1}, false},
		{Job{Sizes: []int{1000, 200}, Rounds: 1}, false},
		{Job{Sizes: []int{0}, Rounds: 1}, false},
		{Job{Sizes: []int{10001}, Rounds: 1}, false},
	} {
		if err := c.job.Check(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.job, err)
		}
	}
}
