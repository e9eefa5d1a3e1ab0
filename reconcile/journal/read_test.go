package journal_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile/journal"
)

func TestFilter(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{SegmentSize: 500})
	for _, r := range []journal.Record{
		{Event: journal.Fetched, Commit: "aaaa1"},
		{Event: journal.Step, Commit: "aaaa1", Key: "tcp 192.0.2.1:80"},
		{Event: journal.Applied, Commit: "aaaa1"},
		{Event: journal.Refused, Commit: "aabb2"},
		{Event: journal.Drift, Key: "tcp 192.0.2.2:80"},
		{Event: journal.Step, Commit: "aabb2", Key: "tcp 192.0.2.1:443"},
	} {
		put(t, j, r)
	}
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	for name, c := range map[string]struct {
		filter journal.Filter
		want   []uint64
	}{
		"all":           {journal.Filter{}, []uint64{1, 2, 3, 4, 5, 6}},
		"newest":        {journal.Filter{Newest: true}, []uint64{6, 5, 4, 3, 2, 1}},
		"newest two":    {journal.Filter{Newest: true, Limit: 2}, []uint64{6, 5}},
		"oldest two":    {journal.Filter{Limit: 2}, []uint64{1, 2}},
		"commit":        {journal.Filter{Commit: "aaa"}, []uint64{1, 2, 3}},
		"object":        {journal.Filter{Object: "192.0.2.1:"}, []uint64{2, 6}},
		"events":        {journal.Filter{Events: []journal.Event{journal.Applied, journal.Refused}}, []uint64{3, 4}},
		"since":         {journal.Filter{Since: at(5)}, []uint64{5, 6}},
		"until":         {journal.Filter{Until: at(3)}, []uint64{1, 2}},
		"all of it":     {journal.Filter{Object: "tcp", Commit: "aa", Since: at(3), Newest: true}, []uint64{6}},
		"after":         {journal.Filter{After: 4}, []uint64{5, 6}},
		"after the end": {journal.Filter{After: 9}, nil},
		"nothing":       {journal.Filter{Commit: "ff"}, nil},
		"newest, since": {journal.Filter{Since: at(2), Until: at(4), Newest: true}, []uint64{3, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []uint64
			for _, r := range read(t, dir, c.filter) {
				got = append(got, r.Seq)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestReadOfNoJournal(t *testing.T) {
	for _, err := range journal.Read(t.TempDir()+"/none", journal.Filter{}) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		return
	}
	t.Error("no error")
}

func TestReadGoesOnAfterABadLine(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 4, journal.Options{})
	edit(t, segment(dir, 1), func(l []string) []string {
		l[1] = strings.Replace(l[1], "fetched", "levitated", 1)
		l[2] = "rubbish\n"
		return l
	})
	var seqs []uint64
	bad := 0
	for r, err := range journal.Read(dir, journal.Filter{Newest: true}) {
		if _, ok := errors.AsType[*journal.LineError](err); ok {
			bad++
			continue
		}
		seqs = append(seqs, r.Seq)
	}
	if bad != 2 || !slices.Equal(seqs, []uint64{4, 1}) {
		t.Errorf("%d bad lines, records %v", bad, seqs)
	}
}

func TestOverlongLineIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 2, journal.Options{})
	edit(t, segment(dir, 1), func(l []string) []string { return []string{l[0], strings.Repeat("x", 3<<20) + "\n", l[1]} })
	for _, newest := range []bool{false, true} {
		records, bad := 0, 0
		for _, err := range journal.Read(dir, journal.Filter{Newest: newest}) {
			if err != nil {
				bad++
				continue
			}
			records++
		}
		if records != 2 || bad != 1 {
			t.Errorf("newest %t: %d records, %d bad lines", newest, records, bad)
		}
	}
}

// Only the last segment may end in the middle of a line: elsewhere somebody cut it.
func TestTornLineBeforeTheLastSegmentIsAnError(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 9, journal.Options{SegmentSize: 700})
	edit(t, segment(dir, 2), func(l []string) []string { l[2] = l[2][:50]; return l })
	for _, newest := range []bool{false, true} {
		bad := 0
		for _, err := range journal.Read(dir, journal.Filter{Newest: newest}) {
			if err != nil {
				bad++
			}
		}
		if bad != 1 {
			t.Errorf("newest %t: %d errors", newest, bad)
		}
	}
}

// Long lines lie across the chunks in which a segment is read from its end.
func TestBothDirectionsAgreeOnLongLines(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{})
	for i := range 60 {
		put(t, j, journal.Record{Event: journal.Refused, Diagnostics: strings.Repeat("\x01", i*1100)})
	}
	old, young := read(t, dir, journal.Filter{}), read(t, dir, journal.Filter{Newest: true})
	slices.Reverse(young)
	if diff := cmp.Diff(old, young); diff != "" || len(old) != 60 {
		t.Errorf("%d records: %s", len(old), diff)
	}
}

func TestReadWhileWriting(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{SegmentSize: 4000})
	put(t, j, journal.Record{Event: journal.Started})
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 200 && err == nil; i++ {
			_, err = j.Append(journal.Record{Event: journal.Step}, journal.Record{Event: journal.Step, Detail: strings.Repeat("x", i)})
		}
		done <- err
	}()
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
		}
		checkContinuous(t, read(t, dir, journal.Filter{}))
		newest := read(t, dir, journal.Filter{Newest: true})
		slices.Reverse(newest)
		checkContinuous(t, newest)
		if r := verify(t, dir); !r.OK() {
			t.Fatalf("verify: %+v", r)
		}
	}
	wantSound(t, dir, 401)
}

func checkContinuous(t *testing.T, recs []journal.Record) {
	t.Helper()
	for i, r := range recs {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has seq %d", i, r.Seq)
		}
	}
}

// Whatever the bytes of a segment are: nothing panics, both directions find the same records, and a journal opened on it can be
// written and read.
func FuzzSegment(f *testing.F) {
	dir := f.TempDir()
	j, err := journal.Open(dir, ticking())
	if err != nil {
		f.Fatal(err)
	}
	if _, err := j.Append(journal.Record{Event: journal.Started}, journal.Record{Event: journal.Stopped}); err != nil {
		f.Fatal(err)
	}
	raw, _ := os.ReadFile(segment(dir, 1))
	f.Add(raw)
	f.Add(raw[:len(raw)-1])
	f.Add(bytes.Repeat(raw, 2))
	f.Add([]byte("\n\n{}\n\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(segment(dir, 1), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		old, young := readable(dir, journal.Filter{}), readable(dir, journal.Filter{Newest: true})
		slices.Reverse(young)
		if diff := cmp.Diff(old, young); diff != "" {
			t.Fatal(diff)
		}
		faults := verify(t, dir).Faults
		j := open(t, dir, journal.Options{})
		wrote := put(t, j, journal.Record{Event: journal.Started})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, dir, journal.Filter{Newest: true, Limit: 1}); !cmp.Equal(got, wrote) {
			t.Fatalf("wrote %+v, read %+v", wrote, got)
		}
		if r := verify(t, dir); r.Torn != nil || len(faults) == 0 && !r.OK() {
			t.Fatalf("faults before %v, after %+v", faults, r)
		}
	})
}

// readable is what can be read of a journal that may be damaged.
func readable(dir string, f journal.Filter) []journal.Record {
	var out []journal.Record
	for r, err := range journal.Read(dir, f) {
		if err == nil {
			out = append(out, r)
		}
	}
	return out
}
