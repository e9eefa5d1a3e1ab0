package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/journal/journaltest"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ticking is a clock that goes on by a second each time it is read.
func ticking() func() time.Time {
	t := epoch
	return func() time.Time { t = t.Add(time.Second); return t }
}

func open(t *testing.T, dir string, opt journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.OpenWith(dir, ticking(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func put(t *testing.T, j *journal.Journal, recs ...journal.Record) []journal.Record {
	t.Helper()
	out, err := j.Append(recs...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fill writes n records one by one and closes the journal.
func fill(t *testing.T, dir string, n int, opt journal.Options) {
	t.Helper()
	j := open(t, dir, opt)
	for i := range n {
		put(t, j, journal.Record{Event: journal.Fetched, Commit: fmt.Sprintf("%040d", i+1)})
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir string, f journal.Filter) []journal.Record {
	t.Helper()
	var out []journal.Record
	for r, err := range journal.Read(dir, f) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func verify(t *testing.T, dir string, known ...journal.Head) journal.Report {
	t.Helper()
	r, err := journal.Verify(dir, known...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantSound(t *testing.T, dir string, records uint64) {
	t.Helper()
	if r := verify(t, dir); !r.OK() || r.Torn != nil || r.Records != records {
		t.Fatalf("verify: %+v, want %d records and no fault", r, records)
	}
}

func segment(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("%08d.jsonl", n)) }

func TestAppendReturnsWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{})
	hostile := "a\nb\x00\xff <script> \u2028 \"" + strings.Repeat("é", 5000)
	wrote := put(t, j, journal.Record{Event: journal.Refused, Author: "Zoë <zoe@example.org>", Diagnostics: hostile, Detail: hostile},
		journal.Record{Event: journal.Step, Kind: "service", Key: "tcp 192.0.2.1:80", Step: "services 1/3", Result: "ok"})
	if diff := cmp.Diff(wrote, read(t, dir, journal.Filter{})); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(wrote[0].Detail, " more bytes)") || len(wrote[0].Detail) > 5000 {
		t.Errorf("detail of %d bytes is not shortened", len(wrote[0].Detail))
	}
	raw, _ := os.ReadFile(segment(dir, 1))
	if !strings.Contains(string(raw), "Zoë <zoe@example.org>") {
		t.Error("an author is not readable in the file")
	}
	wantSound(t, dir, 2)
}

func TestAppendRefusesARecordWithoutEvent(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{})
	if _, err := j.Append(journal.Record{Event: journal.Started}, journal.Record{}); err == nil {
		t.Fatal("a record without an event was accepted")
	}
	put(t, j, journal.Record{Event: journal.Started})
	wantSound(t, dir, 1)
}

func TestReopenAndRotationContinueTheChain(t *testing.T) {
	dir := t.TempDir()
	for range 4 {
		fill(t, dir, 5, journal.Options{SegmentSize: 700})
	}
	wantSound(t, dir, 20)
	if r := verify(t, dir); r.Segments < 5 {
		t.Errorf("%d segments, want rotation", r.Segments)
	}
	j := open(t, dir, journal.Options{})
	seq, hash := j.Head()
	if h := verify(t, dir).Head; (h != journal.Head{Seq: seq, Hash: hash}) || seq != 20 {
		t.Errorf("head %d %s, verify says %+v", seq, hash, h)
	}
}

func TestOnlyOneProcessWrites(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{})
	_, err := journal.Open(dir, ticking())
	locked, ok := errors.AsType[*journal.LockedError](err)
	if !ok || locked.PID != fmt.Sprint(os.Getpid()) {
		t.Fatalf("second open: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(journal.Record{Event: journal.Started}); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	open(t, dir, journal.Options{})
}

// powerLoss stands for a death that takes along what was not synced.
const powerLoss = -1

// Whatever the operation in which the process dies, and however much of a write is done, the next start finds what was acknowledged
// and a sound chain.
func TestDeathAtEveryOperation(t *testing.T) {
	opt := journal.Options{SegmentSize: 600}
	for op := 1; ; op++ {
		for _, keep := range []int{powerLoss, 0, 1, 100, 230, 1 << 20} {
			dir := t.TempDir()
			acked, died := runUntilDeath(t, dir, opt, op, max(keep, 0), keep < 0)
			fill(t, dir, 1, opt)
			got := read(t, dir, journal.Filter{Events: []journal.Event{journal.Step}})
			if len(got) < acked {
				t.Fatalf("death in operation %d after %d bytes: %d records, %d were acknowledged", op, keep, len(got), acked)
			}
			if r := verify(t, dir); !r.OK() || r.Torn != nil {
				t.Fatalf("death in operation %d after %d bytes: %+v", op, keep, r)
			}
			if !died {
				return
			}
		}
	}
}

func runUntilDeath(t *testing.T, dir string, opt journal.Options, op, keep int, power bool) (acked int, died bool) {
	disk := &journaltest.Disk{}
	disk.DieAt(op, keep)
	opt.Disk = disk
	j := open(t, dir, opt)
	defer func() { _ = j.Close() }()
	defer func() {
		if power {
			if err := disk.LosePower(); err != nil {
				t.Fatal(err)
			}
		}
	}()
	for range 4 {
		if _, err := j.Append(journal.Record{Event: journal.Step}, journal.Record{Event: journal.Step}); err != nil {
			return acked, true
		}
		acked += 2
	}
	return acked, false
}
