package reconcile_test

import (
	"strings"
	"testing"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func TestWitness(t *testing.T) {
	was := reconcile.Witnessed{Seq: 812, Hash: "aa"}
	for name, c := range map[string]struct {
		was  reconcile.Witnessed
		told spec.JournalHead
		want string // what the sentence begins with
	}{
		"never heard before":      {reconcile.Witnessed{}, spec.JournalHead{Seq: 40, Hash: "bb"}, ""},
		"never heard, no records": {reconcile.Witnessed{}, spec.JournalHead{}, ""},
		"the same":                {was, spec.JournalHead{Seq: 812, Hash: "aa"}, ""},
		"it grew":                 {was, spec.JournalHead{Seq: 813, Hash: "bb"}, ""},
		"it went back":            {was, spec.JournalHead{Seq: 40, Hash: "bb"}, "the journal of lb2 went back from record 812 to 40: restored from a backup, or rewritten; "},
		"it went back by one":     {was, spec.JournalHead{Seq: 811, Hash: "bb"}, "the journal of lb2 went back from record 812 to 811: "},
		"it is gone":              {was, spec.JournalHead{}, "the journal of lb2 went back from record 812 to 0: "},
		"it was rewritten":        {was, spec.JournalHead{Seq: 812, Hash: "bb"}, "record 812 of the journal of lb2 is another one than before: "},
	} {
		t.Run(name, func(t *testing.T) {
			now, wrong := reconcile.Witness("lb2", c.was, c.told)
			if now != (reconcile.Witnessed{Seq: c.told.Seq, Hash: c.told.Hash}) {
				t.Errorf("kept %+v, told %+v", now, c.told)
			}
			if (wrong == "") != (c.want == "") || !strings.HasPrefix(wrong, c.want) {
				t.Errorf("got %q, want %q", wrong, c.want)
			}
			if wrong != "" && !strings.HasSuffix(wrong, "run `lbsync audit verify --head 812:aa` there; once it is known why, `lbsync audit accept --peer lb2` here") {
				t.Errorf("no next step in %q", wrong)
			}
			if again, twice := reconcile.Witness("lb2", now, c.told); twice != "" || again != now {
				t.Errorf("the same told again: %q", twice)
			}
		})
	}
}
