package reconcile

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// Witnessed is what a director keeps of the journal of another one: the head that it heard last.
type Witnessed struct {
	Seq  uint64
	Hash string
}

// Witness compares the head that a director tells with the one that was heard last. A journal only grows, and a record keeps its hash:
// wrong is what contradicts that, "" when nothing does. What was told is kept either way, so that one occurrence is found once.
func Witness(director string, was Witnessed, told spec.JournalHead) (now Witnessed, wrong string) {
	now = Witnessed{Seq: told.Seq, Hash: told.Hash}
	const cause, remedy = "restored from a backup, or rewritten", "run `lbsync audit verify --head %d:%s` there; once it is known why, `lbsync audit accept --peer %s` here"
	next := fmt.Sprintf(remedy, was.Seq, was.Hash, director)
	switch {
	case was.Seq == 0:
		return now, ""
	case now.Seq < was.Seq:
		return now, fmt.Sprintf("the journal of %s went back from record %d to %d: %s; %s", director, was.Seq, now.Seq, cause, next)
	case now.Seq == was.Seq && now.Hash != was.Hash:
		return now, fmt.Sprintf("record %d of the journal of %s is another one than before: %s; %s", was.Seq, director, cause, next)
	}
	return now, ""
}
