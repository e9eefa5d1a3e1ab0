package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// The file with what is kept of the other directors' journals.
const (
	witnessFormat = "lbsync peers 1\n"
	witnessName   = "peers"
)

// witnessEvery is the least time between two writings of the file while nothing is wrong: heads move with every record.
const witnessEvery = time.Minute

// witnessed is one other director's journal.
type witnessed struct {
	Head  reconcile.Witnessed
	Wrong *spec.Problem // found, and not yet accepted by an operator
}

// witnesses are those of all others, by director.
type witnesses struct {
	journals map[string]witnessed
	unsaved  bool
	saved    time.Time // when that was tried last
}

// rememberJournals reads what is on disk. Without the file, or with one that is damaged, each head is heard for the first time.
func (a *Agent) rememberJournals() {
	a.journals = map[string]witnessed{}
	err := a.store.read(witnessName, witnessFormat, &a.journals)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.journals = map[string]witnessed{}
		_ = a.record(journal.Record{Event: journal.Recovered, Actor: self, Result: err.Error(), Detail: "the journals of other directors are compared from now on"})
	}
}

// witness compares what the others tell of their journals with what they told before.
func (a *Agent) witness() {
	mates, found := a.mates(), false
	for _, name := range sortedNames(mates) {
		r := mates[name].Report
		was := a.journals[name]
		if r == nil || was.Head == (reconcile.Witnessed{Seq: r.Journal.Seq, Hash: r.Journal.Hash}) {
			continue
		}
		head, wrong := reconcile.Witness(name, was.Head, r.Journal)
		now := witnessed{head, was.Wrong}
		if wrong != "" {
			now.Wrong, found = problem(was.Wrong, "", errors.New(wrong)), true
			_ = a.record(journal.Record{Event: journal.PeerJournal, Actor: self, Result: wrong})
		}
		a.journals[name], a.unsaved = now, true
	}
	a.forgetJournals()
	a.keepJournals(found)
}

// forgetJournals drops directors that are in no cluster of this one any more.
func (a *Agent) forgetJournals() {
	if a.held.View == nil {
		return
	}
	mates := map[string]bool{}
	for _, v := range a.views() {
		for _, o := range v.Others {
			mates[o.Def.Name] = true
		}
	}
	for _, name := range slices.Collect(maps.Keys(a.journals)) {
		if !mates[name] {
			delete(a.journals, name)
			a.unsaved = true
		}
	}
}

// keepJournals writes the file: at once if it must be, else now and then. What a crash loses is that the next head may be compared with
// one that is a minute old.
func (a *Agent) keepJournals(must bool) {
	if !a.unsaved || !must && time.Since(a.witnesses.saved) < witnessEvery {
		return
	}
	a.witnesses.saved = time.Now()
	err := a.store.write(witnessName, witnessFormat, a.journals)
	a.unsaved = err != nil
	a.complain("keep the heads of other directors' journals", err)
}

// acceptPeerJournal ends the report of another director's journal.
func (a *Agent) acceptPeerJournal(c spec.Command) error {
	was, known := a.journals[c.Peer]
	if !known || was.Wrong == nil {
		return fmt.Errorf("nothing is known to be wrong with the journal of %q", c.Peer)
	}
	if err := a.account(journal.Record{Event: journal.BrokenAccepted, Actor: actorOf(c.Actor), Detail: c.Reason, Result: was.Wrong.Error}); err != nil {
		return err
	}
	was.Wrong = nil
	a.journals[c.Peer], a.unsaved = was, true
	a.keepJournals(true)
	if a.unsaved {
		return fmt.Errorf("accepted, but a restart would report it again: the state folder cannot be written")
	}
	return nil
}
