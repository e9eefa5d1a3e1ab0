package agent

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// A journal that was altered while the agent did not run is trouble, over restarts, until an operator accepts it.
func TestAlteredJournal(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(t *testing.T, file string)
		says  string
	}{
		{"last record cut", func(t *testing.T, file string) { rewrite(t, file, func(l [][]byte) [][]byte { return l[:len(l)-1] }) }, "record 18, which was written, is not there any more"},
		{"all but one cut", func(t *testing.T, file string) { rewrite(t, file, func(l [][]byte) [][]byte { return l[:1] }) }, "record 18, which was written, is not there any more"},
		{"emptied", func(t *testing.T, file string) { rewrite(t, file, func([][]byte) [][]byte { return nil }) }, "record 18, which was written, is not there any more"},
		{"deleted", func(t *testing.T, file string) { must(t, os.RemoveAll(filepath.Dir(file))) }, "record 18, which was written, is not there any more"},
		{"one record cut out", func(t *testing.T, file string) {
			rewrite(t, file, func(l [][]byte) [][]byte { return append(l[:4:4], l[5:]...) })
		}, "00000001.jsonl:5: record 6 stands where 5 belongs"},
		{"one record changed", func(t *testing.T, file string) {
			rewrite(t, file, func(l [][]byte) [][]byte {
				l[4] = bytes.Replace(l[4], []byte("agent"), []byte("other"), 1)
				return l
			})
		}, "record 5 was changed after it was written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				three(r)
				r.end()
				c.alter(t, filepath.Join(r.journalDir(), "00000001.jsonl"))
				for range 2 {
					r.start()
					r.pass(25 * time.Hour)
					s := r.status()
					if b := s.Journal.Broken; b == nil || !strings.Contains(b.Error, c.says) || !strings.Contains(b.Error, "lbsync audit accept") || s.Phase != spec.Degraded {
						t.Errorf("journal %+v, broken %+v, phase %s", s.Journal, b, s.Phase)
					}
					if n := r.count(journal.ChainBroken); n != 1 {
						t.Errorf("%d records tell", n)
					}
					r.end()
				}
				r.start()
				if _, err := r.do(spec.AcceptJournal, "", 0); err != nil {
					t.Error(err)
				}
				r.phase(spec.Idle)
				r.end()
				r.start()
				if s := r.status(); s.Journal.Broken != nil || r.count(journal.BrokenAccepted) != 1 {
					t.Errorf("after it was accepted: %+v", s.Journal)
				}
				if _, err := r.do(spec.AcceptJournal, "", 0); err == nil {
					t.Error("there is nothing to accept, and nobody says so")
				}
				r.end()
			})
		})
	}
}

func (r *rig) count(e journal.Event) (n int) {
	r.t.Helper()
	for rec, err := range journal.Read(r.journalDir(), journal.Filter{Events: []journal.Event{e}}) {
		if err != nil {
			r.t.Fatal(err)
		}
		if rec.Event == e {
			n++
		}
	}
	return n
}

func rewrite(t *testing.T, file string, change func(lines [][]byte) [][]byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	lines := bytes.SplitAfter(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	must(t, os.WriteFile(file, bytes.Join(change(lines), nil), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
