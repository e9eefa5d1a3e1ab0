package journal_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/reconcile/journal"
)

// edit changes the lines of a segment; each has its newline.
func edit(t *testing.T, path string, change func([]string) []string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := change(slices.Collect(strings.Lines(string(raw))))
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Each journal has three segments of three records: 1-3, 4-6, 7-9.
func TestTamperingIsFoundAndNamed(t *testing.T) {
	replace := func(line int, old, new string) func([]string) []string {
		return func(l []string) []string { l[line] = strings.Replace(l[line], old, new, 1); return l }
	}
	remove := func(from, to int) func([]string) []string {
		return func(l []string) []string { return slices.Delete(l, from, to) }
	}
	for name, c := range map[string]struct {
		segment int
		change  func([]string) []string // nil removes the file
		want    string
	}{
		"edited":                  {2, replace(1, "fetched", "applied"), "00000002.jsonl:2: record 5 was changed after it was written: record 6 in 00000002.jsonl:3 was chained to other bytes"},
		"edited before a segment": {1, replace(2, "fetched", "applied"), "00000001.jsonl:3: record 3 was changed after it was written: record 4 in 00000002.jsonl:1 was chained to other bytes"},
		"time edited":             {1, replace(0, "2026", "2025"), "00000001.jsonl:1: record 1 was changed after it was written: record 2 in 00000001.jsonl:2 was chained to other bytes"},
		"renumbered":              {1, replace(1, `"seq":2`, `"seq":8`), "00000001.jsonl:2: record 8 stands where 2 belongs: records 2 to 7 are missing"},
		"genesis edited":          {1, replace(0, `"prev":"0`, `"prev":"1`), "00000001.jsonl:1: record 1 says that something stood before it: the journal was not begun here"},
		"cut in the middle":       {2, remove(1, 2), "00000002.jsonl:2: record 6 stands where 5 belongs: record 5 is missing"},
		"cut at a begin":          {2, remove(0, 2), "00000002.jsonl:1: record 6 stands where 4 belongs: records 4 to 5 are missing"},
		"cut at a segment's end":  {2, remove(2, 3), "00000003.jsonl:1: record 7 stands where 6 belongs: record 6 is missing"},
		"head cut":                {1, remove(0, 1), "00000001.jsonl:1: the journal begins with record 2: all before it was removed"},
		"segment removed":         {2, nil, "00000003.jsonl:1: record 7 stands where 4 belongs: records 4 to 6 are missing (00000002.jsonl is missing)"},
		"first segment removed":   {1, nil, "00000002.jsonl:1: the journal begins with record 4: all before it was removed"},
		"last segment removed":    {3, nil, "00000002.jsonl: the journal ends with record 6, but record 9 was known: the end was cut off"},
		"end cut":                 {3, remove(1, 3), "00000003.jsonl: the journal ends with record 7, but record 9 was known: the end was cut off"},
		"end edited":              {3, replace(2, "fetched", "applied"), "00000003.jsonl:3: record 9 is not the one that was known: it, or what is before it, was written anew"},
		"swapped":                 {2, func(l []string) []string { return []string{l[0], l[2], l[1]} }, "00000002.jsonl:2: records were reordered: record 6 stands where 5 belongs, which is in 00000002.jsonl:3"},
		"repeated":                {2, func(l []string) []string { return []string{l[0], l[1], l[1], l[2]} }, "00000002.jsonl:3: record 5 stands after record 5: it was put in again or renumbered"},
		"inserted":                {2, func(l []string) []string { return []string{l[0], "{\"event\":\"applied\"}\n", l[1], l[2]} }, "00000002.jsonl:2: the line is not a record of the journal"},
		"blank line":              {2, func(l []string) []string { return []string{l[0], "\n", l[1], l[2]} }, "00000002.jsonl:2: the line is not a record of the journal"},
		"overlong":                {2, func(l []string) []string { return []string{l[0], strings.Repeat("x", 3<<20) + "\n", l[1], l[2]} }, "00000002.jsonl:2: the line is too long to be a record"},
		"lost newline":            {2, func(l []string) []string { l[2] = strings.TrimSpace(l[2]); return l }, "00000002.jsonl:3: the segment ends in the middle of a line"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fill(t, dir, 9, journal.Options{SegmentSize: 700})
			sound := verify(t, dir)
			if !sound.OK() || sound.Segments != 3 || sound.Records != 9 {
				t.Fatalf("before: %+v", sound)
			}
			if c.change == nil {
				if err := os.Remove(segment(dir, c.segment)); err != nil {
					t.Fatal(err)
				}
			} else {
				edit(t, segment(dir, c.segment), c.change)
			}
			r := verify(t, dir, sound.Head)
			if r.OK() {
				t.Fatal("not found")
			}
			if got := r.Faults[0].String(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOneAlterationDoesNotHideTheNext(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 9, journal.Options{})
	edit(t, segment(dir, 1), func(l []string) []string {
		l[1] = strings.Replace(l[1], "fetched", "applied", 1)
		return append(l[:5:5], l[6:]...)
	})
	r := verify(t, dir)
	if len(r.Faults) != 2 || r.Faults[0].Seq != 2 || r.Faults[1].Seq != 7 {
		t.Errorf("faults: %v", r.Faults)
	}
}

func TestFieldsOfNewerVersionsAreCoveredNotUnderstood(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 1, journal.Options{})
	edit(t, segment(dir, 1), func(l []string) []string {
		return []string{strings.Replace(strings.Replace(l[0], `{"v":1`, `{"v":7`, 1), `"event":`, `"coverage":{"known":[1,2]},"event":`, 1)}
	})
	fill(t, dir, 2, journal.Options{})
	wantSound(t, dir, 3)
	var out strings.Builder
	if err := journal.Export(&out, dir, journal.Filter{}); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(segment(dir, 1))
	if out.String() != string(raw) || !strings.Contains(out.String(), "coverage") {
		t.Error("export is not the journal's bytes")
	}
	edit(t, segment(dir, 1), func(l []string) []string { l[0] = strings.Replace(l[0], "[1,2]", "[1,3]", 1); return l })
	if r := verify(t, dir); r.OK() {
		t.Error("an edited field of a newer version is not found")
	}
}
