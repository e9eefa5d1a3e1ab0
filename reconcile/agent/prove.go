package agent

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// JournalHead is the journal's last record when the state in a folder was last written; the zero Head where there is no state, or none
// that is sound. A later record may be there: the agent went on.
func JournalHead(folder string) journal.Head {
	h, _ := newStore(folder).load()
	return h.Journal
}

// prove compares the journal with the record that held knows. What is wrong stands in status, over restarts too, until an operator
// accepts it: the chain goes on and looks sound from now on, so nothing else would tell. It is kept at once unless an intent stands,
// which the next generation would end.
func (a *Agent) prove(keep bool) {
	err := cmp.Or(a.journal.Broken(), a.lost())
	if err == nil {
		return
	}
	a.held.Broken = problem(a.held.Broken, "", fmt.Errorf("%w; once it is known why, lbsync audit accept", err))
	if keep {
		a.keep()
	}
}

// lost is the known record that is gone.
func (a *Agent) lost() error {
	known := a.held.Journal
	has, err := a.journal.Has(known)
	if err != nil {
		return fmt.Errorf("look for record %d: %w", known.Seq, err)
	}
	if has {
		return nil
	}
	err = fmt.Errorf("record %d, which was written, is not there any more: it was changed, or the journal was cut or deleted", known.Seq)
	_ = a.record(journal.Record{Event: journal.ChainBroken, Actor: self, Detail: fmt.Sprintf("%v; its hash was %s", err, known.Hash)})
	return err
}

// acceptJournal ends the report of a broken journal.
func (a *Agent) acceptJournal(c spec.Command) error {
	b := a.held.Broken
	if b == nil {
		return errors.New("nothing is known to be wrong with the journal")
	}
	if err := a.account(journal.Record{Event: journal.BrokenAccepted, Actor: actorOf(c.Actor), Detail: c.Reason, Result: b.Error}); err != nil {
		return err
	}
	a.held.Broken = nil
	return a.mark("accepted, but a restart would report it again")
}

// JournalHead is the last record that is durable.
func (a *Agent) JournalHead() (h journal.Head) {
	h.Seq, h.Hash = a.journal.Head()
	return h
}
