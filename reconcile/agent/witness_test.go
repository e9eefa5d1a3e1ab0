package agent

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

func (p *pair) journalOf(of, on string) *spec.Problem {
	for _, s := range p.on(on).Peers {
		if s.Director == of {
			return s.Journal
		}
	}
	p.t.Fatalf("%s does not know %s", on, of)
	return nil
}

// A director whose journal is lost while the other one is away is found out when both are back; once, over restarts, until an operator
// accepts it.
func TestJournalOfAPeerThatWentBack(t *testing.T) {
	onPair(t, func(p *pair) {
		t := p.t
		p.both("a")
		one, two := p.of["lb1"], p.of["lb2"]
		if p.journalOf("lb2", "lb1") != nil {
			t.Fatal("something is wrong from the start")
		}
		one.end()
		two.end()
		if err := os.RemoveAll(two.journalDir()); err != nil {
			t.Fatal(err)
		}
		two.start()
		one.start()
		p.pass(20 * time.Second)
		wrong := p.journalOf("lb2", "lb1")
		if wrong == nil || !strings.HasPrefix(wrong.Error, "the journal of lb2 went back from record ") || !strings.Contains(wrong.Error, "lbsync audit accept --peer lb2") {
			t.Fatalf("lb1 says %+v", wrong)
		}
		if p.journalOf("lb1", "lb2") != nil {
			t.Error("lb2 takes the whole journal of lb1 for broken")
		}
		p.commit("b", "a", heavier("5")) // its journal goes on from there
		p.both("b")
		one.end()
		one.start()
		p.pass(20 * time.Second)
		if again := p.journalOf("lb2", "lb1"); again == nil || again.Error != wrong.Error || !again.Since.Equal(wrong.Since) {
			t.Errorf("after a restart: %+v, before %+v", again, wrong)
		}
		if n := one.count(journal.PeerJournal); n != 1 {
			t.Errorf("recorded %d times", n)
		}

		accept := spec.Command{Verb: spec.AcceptJournal, Peer: "lb2", Reason: "new disk", Actor: spec.Actor{Operator: "ann"}}
		if _, err := one.agent.Do(t.Context(), spec.Command{Verb: spec.AcceptJournal, Peer: "lb9"}); err == nil || !strings.Contains(err.Error(), `journal of "lb9"`) {
			t.Errorf("accepting what nobody reported: %v", err)
		}
		if _, err := one.agent.Do(t.Context(), accept); err != nil {
			t.Fatal(err)
		}
		one.end()
		one.start()
		p.pass(20 * time.Second)
		if p.journalOf("lb2", "lb1") != nil || one.count(journal.PeerJournal) != 1 {
			t.Errorf("after it was accepted: %+v, recorded %d times", p.journalOf("lb2", "lb1"), one.count(journal.PeerJournal))
		}
		var by string
		for _, r := range one.records() {
			if r.Event == journal.BrokenAccepted {
				by = r.Actor + ": " + r.Detail + ": " + r.Result
			}
		}
		if want := "operator ann: new disk: " + wrong.Error; by != want {
			t.Errorf("recorded %q, want %q", by, want)
		}
	})
}

// While a peer's journal grows as it should its head is written now and then, not with each record, and what is damaged is said.
func TestHeadsOfPeersAreKept(t *testing.T) {
	onPair(t, func(p *pair) {
		t := p.t
		p.both("a")
		one := p.of["lb1"]
		writes := 0
		one.end()
		if err := os.WriteFile(one.folder+"/"+witnessName, []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
		one.at = func(point string) {
			if point == "write "+witnessName {
				writes++
			}
		}
		one.start()
		parent := "a"
		for i := range 20 {
			name := fmt.Sprintf("b%02d", i+1)
			p.commit(name, parent, heavier(strconv.Itoa(2+i)))
			parent = name
			p.pass(5 * time.Second)
		}
		one.end()
		if writes == 0 || writes > 4 { // 100 s, and the end
			t.Errorf("written %d times", writes)
		}
		found := false
		for _, r := range one.records() {
			found = found || r.Event == journal.Recovered && strings.Contains(r.Result, "read peers: it does not begin with")
		}
		if !found {
			t.Error("nobody says that the file was damaged")
		}
		one.at = nil
		one.start()
		if got := one.agent.journals["lb2"].Head.Seq; got == 0 {
			t.Error("nothing was kept over the restart")
		}
	})
}
