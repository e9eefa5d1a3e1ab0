package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/reconcile/journal"
)

func TestTornAtEveryByte(t *testing.T) {
	whole := t.TempDir()
	fill(t, whole, 3, journal.Options{})
	raw, err := os.ReadFile(segment(whole, 1))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	keep := len(lines[0]) + len(lines[1])
	for at := keep + 1; at < len(raw); at++ {
		testTorn(t, raw[:at], keep)
	}
	testTorn(t, append(bytes.Clone(raw[:at(raw, keep, 40)]), make([]byte, 4096)...), keep)
	testTorn(t, append(bytes.Clone(raw[:keep]), "{\"v\":1,\"seq\n"...), keep)
	testTorn(t, raw[:10], 0)
}

func at(raw []byte, off, n int) int { return min(off+n, len(raw)) }

// testTorn opens a journal of which everything behind keep is torn.
func testTorn(t *testing.T, raw []byte, keep int) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(segment(dir, 1), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	sound := uint64(bytes.Count(raw[:keep], []byte("\n")))
	r := verify(t, dir)
	if !r.OK() || r.Records != sound || r.Torn == nil || r.Torn.Bytes != int64(len(raw)-keep) {
		t.Fatalf("before open, %d bytes torn: %+v", len(raw)-keep, r)
	}
	for _, f := range []journal.Filter{{}, {Newest: true}} {
		if n := len(read(t, dir, f)); n != int(sound) {
			t.Fatalf("%d bytes torn: read %d records", len(raw)-keep, n)
		}
	}
	open(t, dir, journal.Options{})
	wantSound(t, dir, sound+1)
	last := read(t, dir, journal.Filter{Newest: true, Limit: 1})[0]
	if last.Event != journal.TornTail || !strings.HasPrefix(last.Detail, fmt.Sprintf("cut %d bytes: ", len(raw)-keep)) {
		t.Fatalf("%d bytes torn: last record %+v", len(raw)-keep, last)
	}
	now, _ := os.ReadFile(segment(dir, 1))
	if !bytes.HasPrefix(now, raw[:keep]) {
		t.Fatal("a sound record was changed")
	}
}

func TestBrokenChainGoesOnInANewSegment(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 5, journal.Options{})
	edit(t, segment(dir, 1), func(lines []string) []string {
		lines[2] = strings.Replace(lines[2], "fetched", "refused", 1)
		return lines
	})
	before := verify(t, dir)
	evidence, _ := os.ReadFile(segment(dir, 1))
	fill(t, dir, 2, journal.Options{})
	fill(t, dir, 2, journal.Options{})
	after := verify(t, dir)
	if len(before.Faults) != 1 || len(after.Faults) != 1 || before.Faults[0] != after.Faults[0] || after.Records != 5+1+4 {
		t.Fatalf("before: %+v\nafter: %+v", before, after)
	}
	if now, _ := os.ReadFile(segment(dir, 1)); !bytes.Equal(now, evidence) {
		t.Error("the altered segment was touched")
	}
	said := read(t, dir, journal.Filter{Events: []journal.Event{journal.ChainBroken}})
	if len(said) != 1 || said[0].Detail != before.Faults[0].String() || said[0].Seq != 6 {
		t.Errorf("chain_broken records: %+v", said)
	}
}
